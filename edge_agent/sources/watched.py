"""A camera that is watched itself: frozen, moved, and only asked for the frames that its trigger wants."""

from collections.abc import Mapping

from edge_agent.sample import Frame, Sample
from edge_agent.sources.source import Source
from edge_agent.sources.triggers import FrameGate, FrozenWatch
from edge_agent.sources.viewpoint import Viewpoint


class WatchedCamera:
    """Passes on the frames of `source` that the gate lets through. A frozen picture is never passed on: nothing may be
    concluded from it; `refused` counts it. What the gate holds back is counted in `held_back`."""

    def __init__(self, source: Source, gate: FrameGate, viewpoint: Viewpoint) -> None:
        self.held_back = 0
        self._source, self._gate, self._viewpoint = source, gate, viewpoint
        self._frozen_watch = FrozenWatch()
        self._frozen = 0
        self._is_frozen = False

    @property
    def dropped(self) -> int:
        """Frames overwritten unread."""
        return self._source.dropped

    @property
    def refused(self) -> int:
        """Frames that could not be read, or that were frozen."""
        return self._source.refused + self._frozen

    @property
    def units(self) -> Mapping[str, str]:
        """None: pictures have no channels."""
        return self._source.units

    @property
    def trouble(self) -> str | None:
        """That the picture is frozen, or the camera was moved."""
        if self._is_frozen:
            return "the camera gives the same picture again and again: switch it off and on"
        return self._viewpoint.trouble

    def ask(self) -> None:
        """The next frame passes, whatever the trigger."""
        self._gate.ask()

    def read(self, timeout_s: float) -> Sample | None:
        """The next frame that is wanted; None when there was none in time. Raises SourceLost, SourceEnded."""
        sample = self._source.read(timeout_s)
        if not isinstance(sample, Frame):
            return sample
        at_s = sample.monotonic_ms / 1000
        self._is_frozen = self._frozen_watch.is_frozen(sample.pixels, at_s)
        if self._is_frozen:
            self._frozen += 1
            return None
        self._viewpoint.look(sample.pixels, at_s)
        if self._gate.passes(sample.pixels, at_s):
            return sample
        self.held_back += 1
        return None

    def close(self) -> None:
        """Let go of the camera."""
        self._source.close()
