"""A card's cron text (UTC) → the subjects of every site marked due."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from central.deciding.capability import Capability
from central.deciding.timing import following
from central.deciding.waking import wake_every_subject


class Scheduler:
    """Remembers when each card is next due; the first look wakes all, so that nothing missed while it was down stays so."""

    def __init__(self, capabilities: Sequence[Capability], now: datetime) -> None:
        self._next = {card: now for card in capabilities if card.schedule is not None}

    def is_time(self, now: datetime) -> bool:
        """Whether `wake` would do anything."""
        return any(at <= now for at in self._next.values())

    def wake(self, conn: Connection, now: datetime) -> int:
        """Mark due the subjects of each card whose time has come; how many."""
        ripe = [card for card, at in self._next.items() if at <= now]
        woken = sum(wake_every_subject(conn, card, now) for card in ripe)
        self._next |= {card: following(card.schedule or "", now) for card in ripe}
        return woken
