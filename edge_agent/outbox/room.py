"""Keeps an outbox within its budget: what leaves first, and how much at once.

First damaged files, then what the centre has already (grace), then evidence (delivered, of routine events, of alarms), then
events, the least precious first. Each step is one short transaction, so that a nearly full disk can take it.
"""

import sqlite3
from dataclasses import dataclass, field, replace

import structlog

from edge_agent.outbox.budget import Budget
from edge_agent.outbox.counter import Counter
from edge_agent.outbox.database import OutboxFile
from edge_agent.outbox.eviction import Evicted, evict
from edge_agent.outbox.evidence import evict_pieces, spooled_bytes
from edge_agent.outbox.grace import Grace
from edge_agent.outbox.ranks import EVICTED_FIRST, Rank

PIECES_BYTES = 500_000  # of evidence, in one step
FEWEST_ROWS, MOST_ROWS = 50, 2000  # in one step
USUAL_EVENT_BYTES = 400
REMEDY = "see why the centre acknowledges nothing, or raise [budget]"

_log = structlog.get_logger()


@dataclass
class Room:
    """Measures one file against its budget and frees what is over, step by step.

    _looked: rank → up to which sequence nothing is left that may be evicted for that rank.
    """

    file: OutboxFile
    budget: Budget
    grace: Grace
    _looked: dict[Rank, int] = field(default_factory=dict)

    def is_short(self, margin_bytes: int = 0) -> bool:
        """Whether the file takes more than its budget less a margin; a log that has grown is folded back first,
        damaged files that were set aside are let go."""
        limit = self.budget.total_bytes - margin_bytes
        if self.file.occupied_bytes() <= limit:
            return False
        self.file.fold_log()
        if self.file.occupied_bytes() > limit and self.file.drop_set_aside():
            _log.warning("damaged_files_dropped", remedy=REMEDY)
        return self.file.occupied_bytes() > limit

    def excess_bytes(self) -> int:
        """How much the file takes beyond its budget and the slack under it."""
        return self.file.occupied_bytes() - self.budget.total_bytes + self.budget.slack_bytes

    def evidence_excess_bytes(self, connection: sqlite3.Connection) -> int:
        """How much pictures and stretches take beyond their limit."""
        return spooled_bytes(connection) - self.budget.evidence_bytes

    def free_evidence(
        self, connection: sqlite3.Connection, counter: Counter, wanted_bytes: int, delivered: bool = False
    ) -> Counter | None:
        """Drop some evidence, perhaps only what the centre has; the counter that knows of it, None: nothing to drop."""
        waited, gone = evict_pieces(connection, min(wanted_bytes, PIECES_BYTES), only_delivered=delivered)
        if waited:
            _log.warning("evidence_evicted", pieces=waited, remedy=REMEDY)
        return replace(counter, evidence_evicted=counter.evidence_evicted + waited) if gone else None

    def free_events(self, connection: sqlite3.Connection, counter: Counter, spare: Rank | None = None) -> Counter | None:
        """Declare some events lost; the counter that knows of it, None when nothing may leave for the sake of `spare`.

        spare: the rank of what wants to come in on a full disk, which displaces only what is worth less; None: anything.
        """
        for rank in EVICTED_FIRST:
            if spare is not None and rank <= spare:
                return None
            while (done := self._evict(connection, rank, counter.acknowledged)) is not None:
                self._looked[rank] = done.upto
                if done.events:
                    _log.warning("events_evicted", rank=rank.name.lower(), events=done.events, remedy=REMEDY)
                    return replace(counter, evicted=counter.evicted + done.events)
        return None

    def _evict(self, connection: sqlite3.Connection, rank: Rank, acknowledged: int) -> Evicted | None:
        rows = min(MOST_ROWS, max(FEWEST_ROWS, self.excess_bytes() // USUAL_EVENT_BYTES))
        return evict(connection, rank, acknowledged, self._looked.get(rank, 0), rows)

    def can_spare(self, connection: sqlite3.Connection, acknowledged: int, spare: Rank) -> bool:
        """Whether anything is here that may leave for what is worth `spare`."""
        row = connection.execute(
            "SELECT EXISTS (SELECT 1 FROM events WHERE sequence < ?1) OR EXISTS (SELECT 1 FROM events WHERE class > ?2)"
            " OR EXISTS (SELECT 1 FROM pieces WHERE delivered_ms IS NOT NULL OR ?2 <= 1)",
            (acknowledged, int(spare)),
        ).fetchone()
        return bool(row[0])

    def look_anew(self) -> None:
        """Rows have come back behind where this has looked."""
        self._looked.clear()
