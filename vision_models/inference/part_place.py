"""Where the part lies: a bright part on a dark belt, found by its outline, laid upright for inspection.

Otsu's grey limit (IEEE Trans. SMC 1979) splits part from belt, the largest bright patch is the part, and its outline
says where it lies and how it is turned. Not for parts as dark as what they lie on: teach those
without aligning.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision_models.inference.arrays import Floats, Picture

_LEAST_AREA_SHARE, _LEAST_STEP, _EDGE_PX = 0.05, 25.0, 2
_LEAST_LENGTHENING = 0.1


@dataclass(frozen=True)
class PartPlace:
    """A part in a picture, in its pixels. angle_deg: clockwise, -45..45; is_whole: no side touches the picture's edge."""

    centre_px: tuple[float, float]
    width_px: float
    height_px: float
    angle_deg: float
    is_whole: bool

    def upright(self, height_px: int, width_px: int, margin_share: float) -> NDArray[np.float64]:
        """The affine map (2, 3) from the picture to an upright view of the part with a margin around it."""
        scale = min(width_px / self.width_px, height_px / self.height_px) * (1.0 - 2.0 * margin_share)
        turn = np.asarray(cv2.getRotationMatrix2D(self.centre_px, self.angle_deg, scale), dtype=np.float64)
        turn[:, 2] += [width_px / 2 - self.centre_px[0], height_px / 2 - self.centre_px[1]]
        return turn


def find_part(picture: Picture) -> PartPlace | None:
    """The part in a picture (h, w, 3), None when there is none."""
    grey = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), (0, 0), 1.5)
    bright = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[1]
    contours, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(contours, key=cv2.contourArea, default=None)
    if (
        largest is None
        or cv2.contourArea(largest) < _LEAST_AREA_SHARE * grey.size
        or not _stands_out(np.asarray(grey), np.asarray(bright))
    ):
        return None
    return _placed(largest.reshape(-1, 2).astype(np.float64), _angle_rad(largest.astype(np.float32)), picture)


def _angle_rad(outline: Floats) -> float:
    """How the outline is turned, -π/4..π/4: from its second moments, which no single bent corner can pull; for a shape as
    wide as high, which has no long axis, from the tightest rectangle."""
    moments = cv2.moments(outline)
    along, across, mixed = moments["mu20"], moments["mu02"], moments["mu11"]
    lengthening = np.hypot(along - across, 2 * mixed) / max(along + across, 1e-9)
    is_long = lengthening > _LEAST_LENGTHENING
    angle = 0.5 * np.arctan2(2 * mixed, along - across) if is_long else np.deg2rad(cv2.minAreaRect(outline)[2])
    return float(angle - np.pi / 2 * round(angle / (np.pi / 2)))


def _placed(outline: NDArray[np.float64], angle_rad: float, picture: Picture) -> PartPlace:
    """The upright rectangle around an outline (n, 2) that is turned by an angle."""
    turn = np.array([[np.cos(angle_rad), -np.sin(angle_rad)], [np.sin(angle_rad), np.cos(angle_rad)]])
    upright = outline @ turn
    low, high = upright.min(axis=0), upright.max(axis=0)
    x, y = turn @ ((low + high) / 2)
    width, height = np.maximum(high - low, 1.0)
    angle_deg = float(np.rad2deg(angle_rad))
    return PartPlace((float(x), float(y)), float(width), float(height), angle_deg, _is_inside(outline, picture))


def _stands_out(grey: NDArray[np.generic], bright: NDArray[np.generic]) -> bool:
    """Otsu splits any picture; a part is brighter than the belt by more than noise and ribs."""
    inside = bright.astype(bool)
    light = grey.astype(np.float32)
    return not inside.all() and float(light[inside].mean() - light[~inside].mean()) > _LEAST_STEP


def _is_inside(outline: NDArray[np.float64], picture: Picture) -> bool:
    height, width = picture.shape[:2]
    low, high = outline.min(axis=0), outline.max(axis=0)
    return bool((low > _EDGE_PX).all() and high[0] < width - _EDGE_PX and high[1] < height - _EDGE_PX)
