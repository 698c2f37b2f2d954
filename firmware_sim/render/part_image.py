"""The inspection camera over the belt: frames of parts with the truth about their flaws."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware_sim.render.lighting import Lighting, Picture, exposed
from firmware_sim.render.part_surface import PLATE_HEIGHT_PX, PLATE_WIDTH_PX, Mask, flaw, plate_face, plate_outline
from firmware_sim.world.parts import BeltView, Part

FRAME_HEIGHT_PX, FRAME_WIDTH_PX = 480, 640
_BELT_PERIOD_PX = 32


@dataclass(frozen=True)
class PartFrame:
    """A rendered frame (480, 640, 3) BGR. defect_box_px: x1 y1 x2 y2 of the visible flaw, None when there is none;
    defect_mask: (480, 640), 255 where the flaw is."""

    frame: Picture
    defect_box_px: tuple[int, int, int, int] | None
    defect_mask: Mask


def render_part(view: BeltView, lighting: Lighting, rng: np.random.Generator) -> PartFrame:
    """One frame of the belt at this moment; `rng` gives the sensor's noise."""
    scene = _belt(view.belt_travel)
    mask = np.zeros((FRAME_HEIGHT_PX, FRAME_WIDTH_PX), dtype=np.uint8)
    if view.part is not None:
        mask = _lay_part(scene, view.part, view.travel)
    return PartFrame(exposed(scene, lighting, rng), _box(mask), mask)


def _travel_px(travel: float) -> float:
    """How far from the middle the part is: at 1 it is just out of sight."""
    return travel * (FRAME_WIDTH_PX + PLATE_WIDTH_PX + 40) / 2


def _belt(belt_travel: float) -> Picture:
    """Dark rubber with ribs across, moved along by the belt's travel."""
    columns = np.arange(FRAME_WIDTH_PX) - _travel_px(belt_travel)
    ribs = 7 * np.cos(columns * 2 * np.pi / _BELT_PERIOD_PX) + 3 * np.cos(columns * 2 * np.pi / 5.3)
    rubber = np.broadcast_to(44 + ribs, (FRAME_HEIGHT_PX, FRAME_WIDTH_PX))
    scene = np.repeat(rubber[:, :, None], 3, axis=2).astype(np.uint8)
    for edge in (slice(0, 22), slice(-22, None)):
        scene[edge] = (96, 102, 104)
    return scene


def _lay_part(scene: Picture, part: Part, travel: float) -> Mask:
    """Draw the part with its shadow into the scene; gives the mask of its flaw in the frame."""
    face, outline, mask = plate_face(part.grain), plate_outline(), np.zeros_like(plate_outline())
    if part.defect is not None:
        face, mask = flaw(face, part.defect)
    turn = _placement(part, travel)
    size = (FRAME_WIDTH_PX, FRAME_HEIGHT_PX)
    alpha = cv2.warpAffine(outline, turn, size).astype(np.float32)[:, :, None] / 255
    soft = cv2.GaussianBlur(np.roll(alpha[:, :, 0], (7, 6), axis=(0, 1)), (0, 0), 5).astype(np.float32)
    ground = scene * (1 - 0.7 * soft[:, :, None])
    scene[:] = (ground * (1 - alpha) + cv2.warpAffine(face, turn, size) * alpha).astype(np.uint8)
    return np.asarray(cv2.warpAffine(mask, turn, size, flags=cv2.INTER_NEAREST), dtype=np.uint8)


def _placement(part: Part, travel: float) -> NDArray[np.float64]:
    """From pixels of the plate to pixels of the frame, (2, 3)."""
    middle = (PLATE_WIDTH_PX / 2, PLATE_HEIGHT_PX / 2)
    turn = np.asarray(cv2.getRotationMatrix2D(middle, part.angle_deg, 1.0), dtype=np.float64)
    turn[0, 2] += FRAME_WIDTH_PX / 2 - middle[0] + part.offset_x_px + _travel_px(travel)
    turn[1, 2] += FRAME_HEIGHT_PX / 2 - middle[1] + part.offset_y_px
    return turn


def _box(mask: Mask) -> tuple[int, int, int, int] | None:
    """The upright rectangle around a mask, None for an empty one."""
    if not mask.any():
        return None
    left, top, width, height = cv2.boundingRect(mask)
    return left, top, left + width, top + height
