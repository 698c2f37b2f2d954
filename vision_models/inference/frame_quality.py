"""Is a frame worth looking at? Too dark, too bright, out of focus, or the lens covered.

Sharpness is the variance of the Laplacian (Pech-Pacheco et al., ICPR 2000) on the frame at 320 pixels width, divided by the
square of its contrast, so that a dim frame is not taken for a blurred one. A covered lens shows next to no contrast at all.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from vision_models.inference.arrays import Picture
from vision_models.inference.preprocess import checked

Verdict = Literal["good", "dark", "bright", "blurred", "covered"]
_WIDTH_PX = 320


@dataclass(frozen=True)
class FrameQuality:
    """brightness and contrast: mean and standard deviation of the grey values in 0..255; sharpness: no unit, a
    sharp frame has 0.02 and more; dark_share, bright_share: of pixels with nothing left to see."""

    brightness: float
    contrast: float
    sharpness: float
    dark_share: float
    bright_share: float


@dataclass(frozen=True)
class QualityLimits:
    """Beyond these a frame is refused."""

    least_contrast: float = 6.0
    least_brightness: float = 12.0
    largest_brightness: float = 238.0
    most_dark_share: float = 0.97
    most_bright_share: float = 0.60
    least_sharpness: float = 0.006


def frame_quality(picture: Picture) -> FrameQuality:
    """What a frame is like. Raises PictureUnusable for an array that is no picture."""
    rows, columns = checked(picture).shape[:2]
    small = cv2.resize(picture, (_WIDTH_PX, max(round(rows * _WIDTH_PX / columns), 8)), interpolation=cv2.INTER_AREA)
    # Sensor noise has edges of its own, even behind a covered lens: even it out first.
    grey = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), (0, 0), 1.0).astype(np.float32)
    contrast = float(grey.std())
    return FrameQuality(
        brightness=float(grey.mean()),
        contrast=contrast,
        sharpness=float(cv2.Laplacian(grey, cv2.CV_32F).var()) / (contrast * contrast + 1.0),
        dark_share=float((grey < 10).mean()),
        bright_share=float((grey > 250).mean()),
    )


def verdict(quality: FrameQuality, limits: QualityLimits) -> Verdict:
    """`good`, or the first reason why not."""
    if quality.brightness < limits.least_brightness or quality.dark_share > limits.most_dark_share:
        return "dark"
    if quality.contrast < limits.least_contrast:
        return "covered"
    if quality.brightness > limits.largest_brightness or quality.bright_share > limits.most_bright_share:
        return "bright"
    return "blurred" if quality.sharpness < limits.least_sharpness else "good"
