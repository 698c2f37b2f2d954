"""What one camera sees now, as JPEG: drawn anew only when the picture would differ, and shared by all who ask."""

import math
import threading
from collections.abc import Hashable

import cv2
import numpy as np

from firmware_sim.render.lighting import Lighting, Picture
from firmware_sim.render.part_image import render_part
from firmware_sim.render.shelf_image import Roi, render_shelves
from firmware_sim.scene import Camera
from firmware_sim.world.warehouse import Warehouse

JPEG_QUALITY = 88
SAME_LIGHT_S = {"shelves": 8.0, "belt": 1.5}  # an unchanged view is taken again this often, for its light and noise
LIGHT_PERIOD_S = 1_800.0


class CameraEye:
    """One camera of a warehouse. Safe to ask from several threads."""

    def __init__(self, warehouse: Warehouse, camera: Camera) -> None:
        self.camera = camera
        self._warehouse = warehouse
        self._number = [other.id for other in warehouse.scene.cameras].index(camera.id)
        self._lock = threading.Lock()
        self._seen: Hashable = None
        self._jpeg = b""

    def jpeg(self) -> bytes:
        """The present frame, encoded."""
        with self._lock:
            time_s = self._warehouse.time_s
            if (seen := self._view(time_s)) != self._seen:
                self._jpeg, self._seen = _encoded(self.picture(time_s)), seen
            return self._jpeg

    def picture(self, time_s: float) -> Picture:
        """A frame (h, w, 3 BGR) of the world as it is, lit as at time_s."""
        rng = np.random.default_rng((self._number, int(time_s * 10)))
        light = _light(self._number, time_s)
        if self.camera.sees == "belt":
            return render_part(self._warehouse.belt_view(time_s), light, rng).frame
        shelves = self._warehouse.shelves_seen_by(self.camera.id)
        rois = [Roi(*plan.roi) for plan in self._warehouse.scene.shelves_seen_by(self.camera.id)]
        return render_shelves(shelves, light, rng, rois).frame

    def _view(self, time_s: float) -> Hashable:
        """What the picture depends on: equal views need no new picture."""
        light = int(time_s / SAME_LIGHT_S[self.camera.sees])
        if self.camera.sees == "belt":
            return self._warehouse.belt_view(time_s), light
        return self._warehouse.shelves_seen_by(self.camera.id), light


def _light(number: int, time_s: float) -> Lighting:
    """The hall's light at a moment, a little different for each camera: brighter and warmer by turns."""
    turn = 2 * math.pi * time_s / LIGHT_PERIOD_S + number
    return Lighting(gain=1.0 + 0.08 * math.sin(turn), warmth=0.3 * math.sin(turn / 2), side=0.1 * math.cos(number))


def _encoded(picture: Picture) -> bytes:
    _, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return jpeg.tobytes()
