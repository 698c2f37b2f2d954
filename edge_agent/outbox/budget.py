"""How much of the disk an outbox may take, and how long it keeps what the centre has acknowledged."""

from dataclasses import dataclass
from typing import Protocol

_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Budget:
    """Limits in bytes and seconds.

    events_bytes: room that events always have. evidence_bytes: the most that pictures and stretches may take. Together:
    the most that file, log and reserve may take; events grow into what evidence leaves.
    grace_s, grace_bytes: what is acknowledged stays that long, and at most so much of it, for a centre that was restored.
    """

    events_bytes: int = 400 * _MEGABYTE
    evidence_bytes: int = 400 * _MEGABYTE
    grace_s: float = 24 * 3600
    grace_bytes: int = 50 * _MEGABYTE

    @property
    def total_bytes(self) -> int:
        """The most that the outbox may take."""
        return self.events_bytes + self.evidence_bytes

    @property
    def slack_bytes(self) -> int:
        """How much is freed at once, so that not every commit has to."""
        return max(1024, self.total_bytes // 100)


class Megabytes(Protocol):
    """The same limits as people write them: in units of a million bytes, and hours."""

    @property
    def events_mb(self) -> float:
        """Room that events always have."""

    @property
    def evidence_mb(self) -> float:
        """The most that evidence may take."""

    @property
    def grace_mb(self) -> float:
        """The most of what is acknowledged that stays."""

    @property
    def grace_hours(self) -> float:
        """How long it stays."""


def in_bytes(keys: Megabytes) -> Budget:
    """The budget that a configuration asks for."""
    sizes = (keys.events_mb, keys.evidence_mb, keys.grace_mb)
    events_bytes, evidence_bytes, grace_bytes = (int(size_mb * _MEGABYTE) for size_mb in sizes)
    return Budget(events_bytes, evidence_bytes, keys.grace_hours * 3600, grace_bytes)
