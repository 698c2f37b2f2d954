"""The one-method seam between the world and the pipeline."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from edge_agent.sample import Sample


class Source(Protocol):
    """A camera, a bus device or a recording. `dropped` counts samples overwritten unread, `refused` unreadable ones."""

    dropped: int
    refused: int

    @property
    def units(self) -> Mapping[str, str]:
        """Channel → unit of a machine's readings; empty for pictures."""
        ...

    def read(self, timeout_s: float) -> Sample | None:
        """The next sample; None when none came in time. Raises SourceLost (call again: it reconnects), SourceEnded."""
        ...

    def close(self) -> None:
        """Let go of the device or file."""
        ...


@runtime_checkable
class Recording(Protocol):
    """A source that ends; `total` samples are in it, as far as that can be told beforehand."""

    total: int
