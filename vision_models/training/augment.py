"""Varied views of labelled pictures, so that a detector learns cartons and not one hall's light.

Numbers follow the recipe that was measured on warehouse photos: flips, scale, shift, slight rotation, mosaics of four, grey
pictures and changed light. Mosaics shrink to 0.3, for far shelves are what detectors fail at, and pictures full of small
cartons are shown in parts at up to twice their size. Everything draws from the generator passed in.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from vision_models.inference.arrays import Floats, Picture
from vision_models.training.datasets import LabelledPicture

_FILL = 114
_LEAST_VISIBLE_SHARE = 0.35
_ZOOMS, _MOSAIC_ZOOMS = (0.65, 1.5), (0.3, 1.0)
_CROWDED_BOXES, _CROWDED_ZOOM = 25, 2.2
Pick = Callable[[], LabelledPicture]


def view(picked: Pick, side_px: int, rng: np.random.Generator, with_mosaic: bool) -> tuple[Picture, Floats]:
    """One training picture (side, side, 3) and its boxes (n, 4) in pixels."""
    if with_mosaic and rng.random() < 0.4:
        canvas, boxes = _mosaic([picked() for _ in range(4)], side_px, rng)
    else:
        sample = picked()
        closest = _CROWDED_ZOOM if len(sample.boxes_px) >= _CROWDED_BOXES else _ZOOMS[1]
        canvas, boxes = _moved(sample, side_px, rng, float(rng.uniform(_ZOOMS[0], closest)))
    if rng.random() < 0.5:
        canvas = canvas[:, ::-1]
        boxes = np.stack([side_px - boxes[:, 2], boxes[:, 1], side_px - boxes[:, 0], boxes[:, 3]], axis=1)
    return np.ascontiguousarray(_relit(canvas, rng)), boxes


def _moved(sample: LabelledPicture, side_px: int, rng: np.random.Generator, zoom: float) -> tuple[Picture, Floats]:
    """The picture scaled to fit and by `zoom`, stretched, shifted and now and then turned."""
    height, width = sample.picture.shape[:2]
    scale = side_px / max(height, width) * zoom
    stretch = float(rng.uniform(0.9, 1.1))
    angle = np.deg2rad(rng.uniform(-11, 11)) if rng.random() < 0.2 else 0.0
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]]) @ np.diag([scale * stretch, scale / stretch])
    reach = max(0.12, (zoom - 1.0) / 2)
    centre = side_px * (0.5 + rng.uniform(-reach, reach, 2))
    matrix = np.column_stack([turn, centre - turn @ [width / 2, height / 2]])
    method = cv2.INTER_AREA if scale < 0.7 else cv2.INTER_LINEAR
    canvas = cv2.warpAffine(
        sample.picture, matrix, (side_px, side_px), flags=method, borderMode=cv2.BORDER_CONSTANT, borderValue=(_FILL,) * 3
    )
    return canvas.astype(np.uint8, copy=False), _visible(_warped(sample.boxes_px, matrix), side_px, side_px)


def _warped(boxes: Floats, matrix: Floats) -> Floats:
    """Upright boxes around the turned ones."""
    corners = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    turned = corners @ matrix[:, :2].T + matrix[:, 2]
    return np.concatenate([turned.min(axis=1), turned.max(axis=1)], axis=1).astype(np.float32)


def _visible(boxes: Floats, width: int, height: int) -> Floats:
    """Boxes cut at the edges of the picture, without those of which little is left."""
    inside = np.clip(boxes, 0, [width, height, width, height])
    sides, whole = inside[:, 2:] - inside[:, :2], boxes[:, 2:] - boxes[:, :2]
    share = sides.prod(axis=1) / np.maximum(whole.prod(axis=1), 1e-6)
    return np.asarray(inside[(share > _LEAST_VISIBLE_SHARE) & (sides.min(axis=1) >= 3)], dtype=np.float32)


def _mosaic(samples: Sequence[LabelledPicture], side_px: int, rng: np.random.Generator) -> tuple[Picture, Floats]:
    """Four pictures meeting at a random point."""
    canvas, found = np.full((side_px, side_px, 3), _FILL, dtype=np.uint8), []
    cut_x, cut_y = (int(side_px * rng.uniform(0.3, 0.7)) for _ in range(2))
    for place, sample in enumerate(samples):
        left, top = (0, cut_x)[place % 2], (0, cut_y)[place // 2]
        right, bottom = (cut_x, side_px)[place % 2], (cut_y, side_px)[place // 2]
        moved, boxes = _moved(sample, side_px, rng, float(rng.uniform(*_MOSAIC_ZOOMS)))
        # The middle of the moved picture goes to the middle of its quarter.
        shift_x, shift_y = (side_px - (right - left)) // 2, (side_px - (bottom - top)) // 2
        canvas[top:bottom, left:right] = moved[shift_y : shift_y + bottom - top, shift_x : shift_x + right - left]
        placed = np.subtract(boxes, [shift_x, shift_y, shift_x, shift_y], dtype=np.float32)
        found.append(np.add(_visible(placed, right - left, bottom - top), [left, top, left, top]))
    return canvas, np.concatenate(found).astype(np.float32)


def _relit(picture: Picture, rng: np.random.Generator) -> Picture:
    """Other light and another camera: grey now and then, hue, saturation, gamma, contrast, brightness."""
    if rng.random() < 0.25:
        picture = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR).astype(np.uint8, copy=False)
    else:
        hsv = cv2.cvtColor(picture, cv2.COLOR_BGR2HSV).astype(np.float32)
        hsv[:, :, 0] = (hsv[:, :, 0] + rng.uniform(-6, 6)) % 180
        hsv[:, :, 1] = np.clip(hsv[:, :, 1] * rng.uniform(0.5, 1.5), 0, 255)
        picture = cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2BGR).astype(np.uint8, copy=False)
    level = (np.arange(256) / 255.0) ** rng.uniform(0.7, 1.4)
    level = (level - 0.5) * rng.uniform(0.75, 1.25) + 0.5 + rng.uniform(-0.1, 0.1)
    return cv2.LUT(picture, np.clip(level * 255, 0, 255).astype(np.uint8)).astype(np.uint8, copy=False)
