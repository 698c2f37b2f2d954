"""From facts to what must be decided again: the nouns that a card names in `wakes_on`."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from central.deciding.capability import Capability
from central.store import due
from central.store.facts import Fact

__all__ = ["Fact", "wake"]


def wake(conn: Connection, capabilities: Sequence[Capability], facts: Iterable[Fact], now: datetime) -> int:
    """Mark due what the facts concern, once for each capability and subject. Returns how many are due by it."""
    calls = {
        (fact.site, card.name, fact.values[card.wakes_on[fact.noun]]): card.settle_s
        for fact in facts
        for card in capabilities
        if fact.noun in card.wakes_on
    }
    for (site, capability, subject), settle_s in calls.items():
        due.wake(conn, site, capability, subject, now, not_before=now + timedelta(seconds=settle_s))
    return len(calls)
