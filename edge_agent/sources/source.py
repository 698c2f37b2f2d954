"""The one-method seam between the world and the pipeline."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from edge_agent.errors import BadRecording, SourceLost
from edge_agent.sample import Sample


class Source(Protocol):
    """A camera, a bus device or a recording."""

    @property
    def dropped(self) -> int:
        """Samples overwritten unread."""
        ...

    @property
    def refused(self) -> int:
        """Samples that could not be read."""
        ...

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


@runtime_checkable
class SelfAware(Protocol):
    """A source that knows of troubles of its own while it still gives samples, and passes on only those it is to."""

    @property
    def held_back(self) -> int:
        """Samples that its trigger did not ask for."""
        ...

    @property
    def trouble(self) -> str | None:
        """What is wrong and what to do, for people."""
        ...

    def ask(self) -> None:
        """The next frame passes, whatever the trigger."""
        ...


class Unplayable:
    """Stands where a recording cannot be played: says so whenever it is read."""

    def __init__(self, error: BadRecording) -> None:
        self.dropped = 0
        self.refused = 0
        self.units: Mapping[str, str] = MappingProxyType({})
        self._error = error

    def read(self, timeout_s: float) -> Sample | None:  # noqa: ARG002  the seam's signature
        """Raises SourceLost."""
        raise SourceLost(self._error.source_id, str(self._error))

    def close(self) -> None:
        """Nothing to let go of."""
