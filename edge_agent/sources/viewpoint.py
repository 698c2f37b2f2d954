"""Whether a camera still looks where it looked when it was set up; the reference view is kept in a file of its own."""

import os
from pathlib import Path

import cv2
import numpy as np
import structlog

from edge_agent.thumbnail import Pixels
from vision_models.errors import PictureUnusable
from vision_models.inference.frame_quality import QualityLimits, frame_quality, verdict
from vision_models.inference.picture_file import decoded
from vision_models.inference.view import HEIGHT_PX, WIDTH_PX, ViewLimits, has_moved, shift, small_view

LOOK_EVERY_S = 5.0
LOOKS_IN_A_ROW = 6  # a person or a pallet in front of the lens is gone by then
FOLLOWS = 0.1  # of what is new goes into the reference at each quiet look, so that it follows the shelves

_log = structlog.get_logger()


class Viewpoint:
    """One camera's. `trouble` is for people, None while all is well."""

    def __init__(self, source_id: str, file: Path) -> None:
        self.trouble: str | None = None
        self._source_id, self._file = source_id, file
        self._reference = self._saved()
        self._looked_s = float("-inf")
        self._moved = 0

    def look(self, pixels: Pixels, at_s: float) -> None:
        """Hold a usable frame against the reference, every few seconds; at night there is nothing to compare."""
        if 0 <= at_s - self._looked_s < LOOK_EVERY_S:
            return
        self._looked_s = at_s
        try:
            if verdict(frame_quality(pixels), QualityLimits()) != "good":
                return
            view = small_view(pixels)
        except PictureUnusable:
            return
        if self._reference is None:
            self._keep(view)
            return
        self._judge(self._reference, view)

    def _judge(self, reference: Pixels, view: Pixels) -> None:
        found = shift(reference, view)
        self._moved = self._moved + 1 if has_moved(found, ViewLimits()) else 0
        if self._moved >= LOOKS_IN_A_ROW:
            if self.trouble is None:
                _log.error("camera_moved", source=self._source_id, right=round(found.right, 3), down=round(found.down, 3))
            self.trouble = (
                f"the camera was moved (its view by {abs(found.right):.0%} sideways, {abs(found.down):.0%} up or down): "
                f"put it back, or, if it is to stay, correct the regions, delete {self._file} and restart the agent"
            )
        elif self._moved == 0:
            if self.trouble is not None:
                _log.info("camera_back", source=self._source_id)
            self.trouble = None
            self._reference = cv2.addWeighted(reference, 1 - FOLLOWS, view, FOLLOWS, 0.0).astype(np.uint8, copy=False)

    def _keep(self, view: Pixels) -> None:
        self._reference = view
        fresh = self._file.with_suffix(".new")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(cv2.imencode(".png", view)[1].tobytes())
            os.replace(fresh, self._file)
        except OSError as error:
            _log.warning("view_not_kept", source=self._source_id, why=str(error), remedy="make room in data_dir")

    def _saved(self) -> Pixels | None:
        """The reference of an earlier start; a damaged one is taken anew."""
        try:
            view = decoded(self._file.read_bytes(), str(self._file))[:, :, 0]
        except FileNotFoundError:
            return None
        except (OSError, PictureUnusable) as error:
            _log.warning("view_not_read", source=self._source_id, why=str(error), remedy="the next view is the reference")
            return None
        return np.ascontiguousarray(view) if view.shape == (HEIGHT_PX, WIDTH_PX) else None
