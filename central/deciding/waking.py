"""From facts to what must be decided again: the nouns that a card names in `wakes_on`."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from central.deciding.capability import EVERY_SUBJECT, Capability
from central.store import catalogue, due
from central.store.catalogue import Site
from central.store.facts import Fact

__all__ = ["Fact", "wake", "wake_every_subject"]


def wake(conn: Connection, capabilities: Sequence[Capability], facts: Iterable[Fact], now: datetime) -> int:
    """Mark due what the facts concern, once for each capability and subject. Returns how many are due by it."""
    woken = {(card, fact.site, _named(card, fact)) for fact in facts for card in capabilities if fact.noun in card.wakes_on}
    calls = {
        due.Call(site, card.name, subject, now + timedelta(seconds=card.settle_s))
        for card, site, named in woken
        for subject in (card.subjects(conn, site) if named is None else [named])
    }
    due.wake_all(conn, calls, now)
    return len(calls)


def wake_every_subject(conn: Connection, card: Capability, now: datetime) -> int:
    """Mark due, from now on, all that a card decides about, at every site: its rules changed, or its hour has come."""
    sites = [site.site for site in catalogue.all_of(conn, Site)]
    calls = [due.Call(site, card.name, key, now) for site in sites for key in card.subjects(conn, site)]
    due.wake_all(conn, calls, now)
    return len(calls)


def _named(card: Capability, fact: Fact) -> str | None:
    """The subject that a fact names; None for every subject, which are asked for once, however many facts there are."""
    named_by = card.wakes_on[fact.noun]
    return None if named_by == EVERY_SUBJECT else fact.values[named_by]
