"""The printed front of a carton: board colour, print, tape, a label, worn edges."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware_sim.render.lighting import Picture
from firmware_sim.world.shelf import Bgr, CartonLook


@lru_cache(maxsize=256)
def carton_front(look: CartonLook, width_px: int, height_px: int, variant: int) -> Picture:
    """The front of one carton (height, width, 3 BGR). `variant` tells apart cartons of the same design."""
    rng = np.random.default_rng(variant)
    front = np.full((height_px, width_px, 3), look.body_bgr, dtype=np.uint8)
    _PRINTS[look.print_style](front, look.accent_bgr)
    if look.tape_share:
        _stick_tape(front, look.tape_share)
    _stick_label(front, rng)
    return _worn(front, rng)


def _print_label(front: Picture, accent: Bgr) -> None:
    """A coloured panel with a light line of print."""
    height, width = front.shape[:2]
    cv2.rectangle(front, (width // 8, height // 4), (width - width // 8, height * 3 // 4), accent, -1)
    cv2.rectangle(front, (width // 5, height * 2 // 5), (width * 3 // 5, height * 9 // 20), (228, 232, 232), -1)


def _print_stripes(front: Picture, accent: Bgr) -> None:
    """Two stripes along the bottom and one above."""
    height, width = front.shape[:2]
    for top, bottom in ((0.72, 0.86), (0.14, 0.20)):
        cv2.rectangle(front, (0, int(height * top)), (width, int(height * bottom)), accent, -1)


def _print_band(front: Picture, accent: Bgr) -> None:
    """One broad band across the middle."""
    height, width = front.shape[:2]
    cv2.rectangle(front, (0, int(height * 0.34)), (width, int(height * 0.60)), accent, -1)


def _print_disc(front: Picture, accent: Bgr) -> None:
    """A round badge and a word below it."""
    height, width = front.shape[:2]
    centre = (width // 2, height * 2 // 5)
    cv2.ellipse(front, centre, (max(width // 5, 2), max(height // 4, 2)), 0, 0, 360, accent, -1, cv2.LINE_AA)
    cv2.rectangle(front, (width // 4, height * 3 // 4), (width * 3 // 4, height * 4 // 5), accent, -1)


def _print_plain(front: Picture, accent: Bgr) -> None:
    """Handling marks in one corner only."""
    height, width = front.shape[:2]
    for column in range(2):
        left = width * 2 // 3 + column * max(width // 9, 3)
        cv2.arrowedLine(front, (left, height - 3), (left, height * 4 // 5), accent, 1, cv2.LINE_AA, tipLength=0.5)


def _print_split(front: Picture, accent: Bgr) -> None:
    """The lower half in the second colour, divided on a slant."""
    height, width = front.shape[:2]
    corners = np.array([[0, height * 3 // 5], [width, height * 2 // 5], [width, height], [0, height]], dtype=np.int32)
    cv2.fillPoly(front, [corners], accent, cv2.LINE_AA)


_PRINTS = {
    "band": _print_band,
    "label": _print_label,
    "stripes": _print_stripes,
    "disc": _print_disc,
    "plain": _print_plain,
    "split": _print_split,
}


def _stick_tape(front: Picture, share: float) -> None:
    """A glossy strip of parcel tape down the middle."""
    width = front.shape[1]
    left, right = int(width * (0.5 - share / 2)), int(width * (0.5 + share / 2))
    strip = front[:, left:right].astype(np.float32)
    front[:, left:right] = np.clip(strip * 0.72 + np.array([48, 66, 76]), 0, 255).astype(np.uint8)


def _stick_label(front: Picture, rng: np.random.Generator) -> None:
    """A white label with lines of print, not always straight in its corner."""
    height, width = front.shape[:2]
    label_w, label_h = max(width // 4, 6), max(height // 4, 5)
    left = int(rng.integers(2, max(width // 3, 3)))
    top = int(rng.integers(max(height // 2, 1), max(height - label_h - 2, height // 2 + 1)))
    cv2.rectangle(front, (left, top), (left + label_w, top + label_h), (232, 236, 236), -1)
    for line in range(top + 2, top + label_h - 1, 3):
        cv2.line(front, (left + 2, line), (left + int(label_w * rng.uniform(0.5, 0.9)), line), (70, 70, 74), 1)


def _worn(front: Picture, rng: np.random.Generator) -> Picture:
    """Grain of the board, a soft gradient, edges rubbed dark, brightness of its own."""
    height, width = front.shape[:2]
    grain = cv2.resize(rng.normal(0, 5, (height // 3 + 1, width // 3 + 1)).astype(np.float32), (width, height))
    gradient = np.linspace(1.05, 0.93, height, dtype=np.float32)[:, None] * np.float32(rng.uniform(0.92, 1.07))
    lit: NDArray[np.float32] = (front * gradient[:, :, None] + grain[:, :, None]).astype(np.float32)
    lit[[0, -1], :] *= np.float32(0.62)
    lit[:, [0, -1]] *= np.float32(0.58)
    lit[:, [1, -2]] *= np.float32(0.85)
    return np.clip(lit, 0, 255).astype(np.uint8)
