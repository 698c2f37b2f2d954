"""A camera whose every frame says which parts of it must not be shown."""

from collections.abc import Mapping
from dataclasses import replace

from edge_agent.privacy.background import BackgroundModel
from edge_agent.sample import Frame, Sample
from edge_agent.sources.source import Source


class VeiledCamera:
    """Passes on what `source` yields, each frame with the boxes of the moving things in it."""

    def __init__(self, source: Source, background: BackgroundModel) -> None:
        self._source, self._background = source, background

    @property
    def dropped(self) -> int:
        """Frames overwritten unread."""
        return self._source.dropped

    @property
    def refused(self) -> int:
        """Frames that could not be read."""
        return self._source.refused

    @property
    def units(self) -> Mapping[str, str]:
        """None: pictures have no channels."""
        return self._source.units

    def read(self, timeout_s: float) -> Sample | None:
        """The next frame, veiled. Raises SourceLost, SourceEnded."""
        sample = self._source.read(timeout_s)
        if not isinstance(sample, Frame):
            return sample
        return replace(sample, veil=self._background.things(sample.pixels, sample.monotonic_ms / 1000))

    def close(self) -> None:
        """Let go of the camera."""
        self._source.close()
