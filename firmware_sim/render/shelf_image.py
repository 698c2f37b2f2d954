"""Shelves of cartons as an overhead-front camera sees them, four shelves to a frame.

Each shelf is drawn upright on a canvas of its own (rack, boards, cartons back to front) and then laid into the frame under a
slight perspective; the true boxes go through the same perspective. Cartons keep their places from frame to frame, because
their jitter comes from the shelf (location, arrangement); the generator passed in adds sensor noise only.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware_sim.render.carton_print import carton_front
from firmware_sim.render.lighting import Lighting, Picture, exposed
from firmware_sim.world.shelf import Bgr, Shelf, Slot, filled_slots, slots

FRAME_HEIGHT_PX, FRAME_WIDTH_PX = 720, 960
_RACK_COLOURS_BGR: tuple[Bgr, ...] = ((150, 86, 30), (40, 110, 220), (120, 120, 116), (60, 130, 60))
Boxes = NDArray[np.float32]


@dataclass(frozen=True)
class Roi:
    """A region of a frame as fractions of its width and height: left, top, width, height."""

    x: float
    y: float
    w: float
    h: float


ROIS: tuple[Roi, ...] = tuple(Roi(x, y, 0.46, 0.46) for y in (0.02, 0.52) for x in (0.02, 0.52))


@dataclass(frozen=True)
class ShelfFrame:
    """A rendered frame (720, 960, 3) BGR with its truth: per shelf the boxes (n, 4) x1 y1 x2 y2 in pixels of the whole
    frame, one per carton, and the region the shelf fills."""

    frame: Picture
    boxes_px: tuple[Boxes, ...]
    rois: tuple[Roi, ...]


@dataclass(frozen=True)
class _Place:
    """Where the front of a carton stands on its shelf's canvas, in pixels, and how it is turned."""

    left: float
    top: float
    width: int
    height: int
    angle_deg: float
    lid_px: int
    shade: float
    variant: int


def render_shelves(
    shelves: Sequence[Shelf], lighting: Lighting, rng: np.random.Generator, rois: Sequence[Roi] = ROIS
) -> ShelfFrame:
    """One frame of one or more shelves, each in the region of its place in `rois` (by default 2x2 from the upper left).

    Raises ValueError for no shelf and for more shelves than regions.
    """
    if not 1 <= len(shelves) <= len(rois):
        raise ValueError(f"a camera frame shows 1 to {len(rois)} shelves, not {len(shelves)}")
    scene = _wall(_seed(shelves[0].location))
    boxes = tuple(_lay_in(scene, shelf, roi) for shelf, roi in zip(shelves, rois, strict=False))
    return ShelfFrame(exposed(scene, lighting, rng), boxes, tuple(rois[: len(shelves)]))


def _seed(*words: str | int) -> int:
    return zlib.crc32("/".join(str(word) for word in words).encode())


def _wall(seed: int) -> Picture:
    """The hall behind the racks: a dull, blotchy wall."""
    rng = np.random.default_rng(seed)
    blotches = rng.normal(0, 9, (24, 32, 1)) + rng.uniform(70, 130) + rng.uniform(-8, 8, 3)
    wall = cv2.resize(blotches.astype(np.float32), (FRAME_WIDTH_PX, FRAME_HEIGHT_PX), interpolation=cv2.INTER_CUBIC)
    return np.clip(wall, 0, 255).astype(np.uint8)


def _lay_in(scene: Picture, shelf: Shelf, roi: Roi) -> Boxes:
    """Draw one shelf into its region of the scene; gives the true boxes in frame pixels."""
    left, top = round(roi.x * FRAME_WIDTH_PX), round(roi.y * FRAME_HEIGHT_PX)
    width, height = round(roi.w * FRAME_WIDTH_PX), round(roi.h * FRAME_HEIGHT_PX)
    canvas, corners = _draw_shelf(shelf, width, height)
    homography = _perspective(width, height, np.random.default_rng(_seed(shelf.location, "camera")))
    window = scene[top : top + height, left : left + width]
    cv2.warpPerspective(canvas, homography, (width, height), window, cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT)
    if not len(corners):
        return np.zeros((0, 4), dtype=np.float32)
    seen = cv2.perspectiveTransform(corners.reshape(-1, 1, 2), homography).reshape(-1, 4, 2)
    corners_px = np.add(np.asarray(seen, dtype=np.float32).clip(0, [width, height]), [left, top])
    return np.concatenate([corners_px.min(axis=1), corners_px.max(axis=1)], axis=1).astype(np.float32)


def _perspective(width: int, height: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A camera that does not stand quite square before the shelf."""
    upright = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    inward = rng.uniform(0.0, 0.035, (4, 2)) * [width, height] * [[1, 1], [-1, 1], [-1, -1], [1, -1]]
    return np.asarray(cv2.getPerspectiveTransform(upright, (upright + inward).astype(np.float32)), dtype=np.float64)


def _draw_shelf(shelf: Shelf, width: int, height: int) -> tuple[Picture, NDArray[np.float32]]:
    """The upright picture of a shelf and the corners (n, 4, 2) of its cartons on it."""
    rng = np.random.default_rng(_seed(shelf.location, shelf.arrangement))
    canvas = _rack(shelf, width, height)
    # One draw per slot of a full shelf, so that selling a carton does not move the others.
    places = _places(shelf, width, height, rng)
    standing = filled_slots(shelf)
    _cast_shadows(canvas, [places[slot] for slot in standing])
    corners = [_stand_carton(canvas, shelf, places[slot], _is_top(slot, standing)) for slot in standing]
    return canvas, np.array(corners, dtype=np.float32).reshape(-1, 4, 2)


def _rack(shelf: Shelf, width: int, height: int) -> Picture:
    """Back panel, uprights, boards with a price strip."""
    rng = np.random.default_rng(_seed(shelf.location, "rack"))
    back = int(rng.integers(38, 96))
    canvas = np.full((height, width, 3), (back + 4, back, back - 4), dtype=np.uint8)
    colour = _RACK_COLOURS_BGR[rng.integers(len(_RACK_COLOURS_BGR))]
    post = max(width // 40, 4)
    for left in (0, width - post):
        cv2.rectangle(canvas, (left, 0), (left + post, height), colour, -1)
        cv2.line(canvas, (left + post // 2, 0), (left + post // 2, height), tuple(int(c * 0.7) for c in colour), 2)
    for board in range(shelf.grid.boards):
        floor = _floor_px(shelf, board, height)
        cv2.rectangle(canvas, (post, floor), (width - post, floor + _board_px(height)), (150, 160, 164), -1)
        cv2.rectangle(
            canvas, (width // 3, floor + 3), (width // 3 + width // 8, floor + _board_px(height) - 3), (236,) * 3, -1
        )
        cv2.line(canvas, (post, floor + _board_px(height)), (width - post, floor + _board_px(height)), (30, 30, 30), 2)
    return canvas


def _board_px(height: int) -> int:
    return max(height // 22, 8)


def _floor_px(shelf: Shelf, board: int, height: int) -> int:
    """The row of pixels on which the cartons of this board stand; board 0 is the lowest."""
    bay = height / shelf.grid.boards
    return round(height - board * bay) - _board_px(height)


def _places(shelf: Shelf, width: int, height: int, rng: np.random.Generator) -> dict[Slot, _Place]:
    """A place for every slot, each carton a little off its ideal one."""
    grid, look = shelf.grid, shelf.look
    pitch_x = width * 0.93 / grid.columns
    pitch_y = (height / grid.boards - _board_px(height)) / (grid.rows + 0.45)
    carton_w, carton_h = round(pitch_x * look.fill_width), round(pitch_y * look.fill_height)
    places = {}
    for slot in slots(grid):
        shift, lift, turn, shade = rng.normal(0, 1, 4)
        gap = pitch_x - carton_w
        places[slot] = _Place(
            left=width * 0.035 + slot.column * pitch_x + gap / 2 + float(np.clip(shift, -1.8, 1.8)) * gap * 0.3,
            top=_floor_px(shelf, slot.board, height) - (slot.row + 1) * carton_h + abs(lift) * 0.6,
            width=carton_w,
            height=carton_h,
            angle_deg=float(np.clip(turn, -2, 2)) * 0.7,
            lid_px=max(round(carton_h * 0.10), 2),
            shade=1.0 + 0.05 * float(np.clip(shade, -2, 2)),
            variant=int(rng.integers(6)),
        )
    return places


def _is_top(slot: Slot, standing: Sequence[Slot]) -> bool:
    """True when no carton stands on this one, so that its lid can be seen."""
    return Slot(slot.board, slot.row + 1, slot.column) not in standing


def _cast_shadows(canvas: Picture, places: Sequence[_Place]) -> None:
    """Darken the back panel to the right of and below where cartons stand."""
    light = np.ones(canvas.shape[:2], dtype=np.float32)
    for place in places:
        left, top = int(place.left), int(place.top)
        light[max(top - 2, 0) : top + place.height + 3, max(left - 3, 0) : left + place.width + 9] = 0.45
    soft = cv2.GaussianBlur(light, (0, 0), 4).astype(np.float32)
    np.copyto(canvas, (canvas * soft[:, :, None]).astype(np.uint8))


def _stand_carton(canvas: Picture, shelf: Shelf, place: _Place, is_top: bool) -> NDArray[np.float64]:
    """Paint one carton; gives its four corners (4, 2), lid included where it shows."""
    front = carton_front(shelf.look, place.width, place.height, place.variant)
    lid = place.lid_px if is_top else 0
    whole = _with_lid(front, lid, place.shade) if lid else cv2.convertScaleAbs(front, alpha=place.shade)
    height, width = whole.shape[:2]
    turn = np.asarray(cv2.getRotationMatrix2D((width / 2, height - 1), place.angle_deg, 1.0), dtype=np.float64)
    turn[:, 2] += [place.left, place.top - lid]
    cv2.warpAffine(whole, turn, canvas.shape[1::-1], canvas, cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT)
    upright = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]], dtype=np.float64)
    return np.asarray(upright @ turn.T)


def _with_lid(front: Picture, lid_px: int, shade: float) -> Picture:
    """The carton with the strip of its lid that a camera slightly above it sees."""
    strip = cv2.resize(front[: max(lid_px, 1)], (front.shape[1], lid_px)).astype(np.float32) * 1.22 + 12
    strip[0] *= 0.7
    whole = np.concatenate([np.clip(strip, 0, 255), front.astype(np.float32)]) * shade
    return np.clip(whole, 0, 255).astype(np.uint8)
