"""The face of a stamped metal plate and the flaws on it.

A plate is drawn flat at its own size: brushed metal, bevelled rim, four holes, an embossed ring. A flaw changes the light of
the face where its mask says: a scratch as a thin bright line with a dark side, a dent as a shaded hollow, a stain as a
brownish film with a ragged outline.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware_sim.render.lighting import Picture
from firmware_sim.world.parts import Defect

PLATE_WIDTH_PX, PLATE_HEIGHT_PX = 340, 240
_CORNER_PX, _RIM_PX, _HOLE_PX = 26, 9, 13
Mask = NDArray[np.uint8]
Light = NDArray[np.float32]


def plate_outline() -> Mask:
    """255 where the plate is, 0 in its four holes and outside its round corners: (240, 340)."""
    outline = np.zeros((PLATE_HEIGHT_PX, PLATE_WIDTH_PX), dtype=np.uint8)
    right, bottom = PLATE_WIDTH_PX - 1, PLATE_HEIGHT_PX - 1
    cv2.rectangle(outline, (_CORNER_PX, 0), (right - _CORNER_PX, bottom), 255, -1)
    cv2.rectangle(outline, (0, _CORNER_PX), (right, bottom - _CORNER_PX), 255, -1)
    for x in (_CORNER_PX, right - _CORNER_PX):
        for y in (_CORNER_PX, bottom - _CORNER_PX):
            cv2.circle(outline, (x, y), _CORNER_PX, 255, -1)
    for centre in _hole_centres():
        cv2.circle(outline, centre, _HOLE_PX, 0, -1, cv2.LINE_AA)
    return outline


def plate_face(grain: int) -> Picture:
    """A good plate seen from above, (240, 340, 3) BGR; `grain` seeds how its face was brushed."""
    rng = np.random.default_rng(grain)
    fine = rng.normal(0, 1, (PLATE_HEIGHT_PX, PLATE_WIDTH_PX + 80)).astype(np.float32)
    brushed = cv2.blur(fine, (61, 1))[:, 40:-40] * 26 + cv2.GaussianBlur(fine, (0, 0), 9)[:, 40:-40] * 60
    sheen = np.linspace(rng.uniform(4, 16), rng.uniform(-16, -4), PLATE_WIDTH_PX, dtype=np.float32)
    face = 158 + rng.uniform(-7, 7) + brushed + sheen[None, :]
    _emboss(face)
    tint = np.array([1.03, 1.0, 0.97], dtype=np.float32)
    tinted: Picture = np.clip(face[:, :, None] * tint, 0, 255).astype(np.uint8)
    return tinted


def flaw(face: Picture, defect: Defect) -> tuple[Picture, Mask]:
    """The plate with this flaw, and 255 where the flaw is: (240, 340, 3) and (240, 340)."""
    cover, light = {"scratch": _scratch, "dent": _dent, "stain": _stain}[defect.kind](defect)
    # A flaw is one of the plate's face: it neither fills a hole nor hangs over the edge.
    cover = cover * (plate_outline() > 0)
    marked = face + cover[:, :, None] * light * np.float32(defect.strength)
    return np.clip(marked, 0, 255).astype(np.uint8), ((cover > 0.25) * 255).astype(np.uint8)


def _hole_centres() -> list[tuple[int, int]]:
    inset = 36
    return [(x, y) for x in (inset, PLATE_WIDTH_PX - 1 - inset) for y in (inset, PLATE_HEIGHT_PX - 1 - inset)]


def _emboss(face: Light) -> None:
    """Bevelled rim, countersunk holes and a raised ring, as light and dark edges."""
    right, bottom = PLATE_WIDTH_PX - 1, PLATE_HEIGHT_PX - 1
    relief = np.zeros_like(face)
    cv2.rectangle(relief, (_RIM_PX, _RIM_PX), (right - _RIM_PX, bottom - _RIM_PX), 1.0, 3, cv2.LINE_AA)
    cv2.ellipse(relief, (PLATE_WIDTH_PX // 2, PLATE_HEIGHT_PX // 2), (74, 56), 0, 0, 360, 1.0, 5, cv2.LINE_AA)
    for centre in _hole_centres():
        cv2.circle(relief, centre, _HOLE_PX + 5, 1.0, 3, cv2.LINE_AA)
    relief = cv2.GaussianBlur(relief, (0, 0), 1.4).astype(np.float32)
    face += 42 * (np.roll(relief, 2, axis=0) - np.roll(relief, -2, axis=0))


def _centre(defect: Defect) -> tuple[float, float, float]:
    """Centre and size of a flaw in pixels of the plate."""
    x = PLATE_WIDTH_PX / 2 * (1 + 0.9 * defect.x)
    y = PLATE_HEIGHT_PX / 2 * (1 + 0.9 * defect.y)
    return x, y, defect.size * PLATE_WIDTH_PX


def _scratch(defect: Defect) -> tuple[Light, Light]:
    """A thin, slightly bent line, bright on one side and dark on the other."""
    rng = np.random.default_rng(defect.form)
    x, y, length = _centre(defect)
    along = np.linspace(-0.5, 0.5, 12) * length
    bend = rng.uniform(-0.25, 0.25) * along * along / max(length, 1.0) + rng.normal(0, 0.7, 12)
    cos, sin = np.cos(defect.angle_rad), np.sin(defect.angle_rad)
    points = np.stack([x + along * cos - bend * sin, y + along * sin + bend * cos], axis=1)
    line = np.zeros((PLATE_HEIGHT_PX, PLATE_WIDTH_PX), dtype=np.float32)
    fixed = np.round(points * 16).astype(np.int32)
    cv2.polylines(line, [fixed], False, 1.0, int(rng.integers(2, 4)), cv2.LINE_AA, shift=4)
    cover = np.clip(cv2.GaussianBlur(line, (0, 0), 0.8) * 1.3, 0, 1)
    light = 78.0 * line - 95.0 * np.roll(line, 2, axis=0)
    return np.maximum(cover, np.roll(cover, 2, axis=0)), light[:, :, None].repeat(3, axis=2)


def _dent(defect: Defect) -> tuple[Light, Light]:
    """A round hollow: dark towards the lamp, bright away from it."""
    dx, dy, radius = _polar(defect)
    distance = np.sqrt(dx * dx + dy * dy)
    cover = np.clip(1.4 - distance / radius, 0, 1)
    slope = (dx * np.cos(defect.angle_rad) + dy * np.sin(defect.angle_rad)) / radius
    light = np.clip(slope, -1, 1) * 62 - 14
    return cover.astype(np.float32), light[:, :, None].repeat(3, axis=2).astype(np.float32)


def _stain(defect: Defect) -> tuple[Light, Light]:
    """A film of oil or rust with a ragged outline: browner and darker, denser at its rim."""
    rng = np.random.default_rng(defect.form)
    dx, dy, radius = _polar(defect)
    bearing = np.arctan2(dy, dx)
    ragged = 1 + sum(rng.uniform(-0.22, 0.22) * np.sin(wave * bearing + rng.uniform(0, 6.3)) for wave in range(2, 6))
    distance = np.sqrt(dx * dx + (dy * 1.3) ** 2) / (radius * ragged)
    cover = np.clip((1.1 - distance) * 5, 0, 1) * (0.7 + 0.3 * np.clip(distance, 0, 1) ** 3)
    film = np.array([-74, -52, -30], dtype=np.float32) * np.float32(rng.uniform(0.7, 1.0))
    return cover.astype(np.float32), np.broadcast_to(film, (*cover.shape, 3))


def _polar(defect: Defect) -> tuple[Light, Light, float]:
    """Offsets of each pixel from the flaw's centre, and the flaw's radius, in pixels."""
    x, y, size = _centre(defect)
    rows, columns = np.mgrid[0:PLATE_HEIGHT_PX, 0:PLATE_WIDTH_PX].astype(np.float32)
    return columns - np.float32(x), rows - np.float32(y), size / 2
