"""How much of the disk an outbox may take, and how long it keeps what the centre has acknowledged."""

from dataclasses import dataclass

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
