"""Does a camera still look where it looked? Its view beside the one it was set up with.

The views are compared by their edges, not their grey values, so that the light may change; phase correlation (Kuglin and
Hines 1975, with a Hann window) finds the shift, its response says how much of the view came along. A shelf that is emptied
changes part of the edges and shifts none: only a shift that most of the view shares is a camera that was moved. One that now
looks somewhere else altogether shares next to nothing with its old view.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from vision_models.inference.arrays import Floats, Picture
from vision_models.inference.preprocess import checked

WIDTH_PX, HEIGHT_PX = 160, 120


@dataclass(frozen=True)
class Shift:
    """right, down: shares of the picture's width and height by which what is seen moved; response: 0..1, how much of the
    view moved along; likeness: -1..1, correlation of the edges where they are."""

    right: float
    down: float
    response: float
    likeness: float


@dataclass(frozen=True)
class ViewLimits:
    """A view moved when its shift is beyond `least_shift` of the picture and shared by `least_response`; it is another one
    when less than `no_response` is shared and edges are less alike than `least_likeness`. Pictures of different places had
    responses up to 0.10 and likenesses of 0.16 to 0.37; the same racks at other stocks 0.16 and 0.35 at least."""

    least_shift: float = 0.03
    least_response: float = 0.15
    no_response: float = 0.12
    least_likeness: float = 0.40


def small_view(picture: Picture) -> Picture:
    """A picture as the (120, 160) grey view that is kept. Raises PictureUnusable."""
    grey = cv2.cvtColor(checked(picture), cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def shift(before: Picture, now: Picture) -> Shift:
    """How a small view lies beside the one before."""
    old, new = _edges(before), _edges(now)
    window = cv2.createHanningWindow((WIDTH_PX, HEIGHT_PX), cv2.CV_32F)
    (right, down), response = cv2.phaseCorrelate(old, new, window)
    likeness = float(np.corrcoef(old.ravel(), new.ravel())[0, 1]) if old.std() > 0 and new.std() > 0 else 0.0
    return Shift(right / WIDTH_PX, down / HEIGHT_PX, float(response), likeness)


def has_moved(found: Shift, limits: ViewLimits) -> bool:
    """Whether this is the shift of a camera that was moved, or turned away."""
    if found.response >= limits.least_response:
        return max(abs(found.right), abs(found.down)) > limits.least_shift
    return found.response < limits.no_response and found.likeness < limits.least_likeness


def _edges(view: Picture) -> Floats:
    """Strength of the edges, each beside those around it, so that a dim corner counts as a bright one does."""
    smooth = cv2.GaussianBlur(view, (0, 0), 1.0).astype(np.float32)
    across, along = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    strength = cv2.magnitude(across, along)
    around = cv2.GaussianBlur(strength, (0, 0), 12.0) + np.float32(4.0)
    return np.asarray(strength / around, dtype=np.float32)
