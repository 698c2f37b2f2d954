"""What lamp, lens and sensor do to a scene: brightness, colour, vignetting, blur and noise."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
_NOISE_FLOOR = 1e-6


@dataclass(frozen=True)
class Lighting:
    """One camera's light. gain: 1 is nominal; warmth: -1 cold to 1 warm; gamma: 1 is linear; vignette: share of light lost
    in the corners; side: -1..1, how much brighter the right is than the left; blur_px and noise_sd: of lens and sensor."""

    gain: float = 1.0
    warmth: float = 0.0
    gamma: float = 1.0
    vignette: float = 0.25
    side: float = 0.0
    blur_px: float = 0.6
    noise_sd: float = 3.0


def draw_lighting(rng: np.random.Generator) -> Lighting:
    """A light as a warehouse may have it over a day: from a dim evening to sun through the gate."""
    return Lighting(
        gain=float(rng.uniform(0.72, 1.22)),
        warmth=float(rng.uniform(-0.8, 0.8)),
        gamma=float(rng.uniform(0.85, 1.2)),
        vignette=float(rng.uniform(0.1, 0.4)),
        side=float(rng.uniform(-0.25, 0.25)),
        blur_px=float(rng.uniform(0.3, 1.1)),
        noise_sd=float(rng.uniform(1.5, 6.0)),
    )


def exposed(scene: Picture, lighting: Lighting, rng: np.random.Generator) -> Picture:
    """The frame a camera takes of `scene` (h, w, 3 BGR) in this light; `rng` gives the sensor's noise."""
    height, width = scene.shape[:2]
    blurred = cv2.GaussianBlur(scene, (0, 0), lighting.blur_px) if lighting.blur_px > 0 else scene
    toned = cv2.LUT(blurred, _tone_curve(lighting.gain, lighting.gamma, lighting.warmth))
    shade = _shade(height, width, lighting.vignette, lighting.side)
    noise = rng.standard_normal((height, width), dtype=np.float32) * np.float32(lighting.noise_sd + _NOISE_FLOOR)
    lit = cv2.multiply(toned, shade, dtype=cv2.CV_32F) + noise[:, :, None]
    return np.clip(lit, 0, 255).astype(np.uint8)


def _tone_curve(gain: float, gamma: float, warmth: float) -> Picture:
    """Table (1, 256, 3) from scene value to sensor value for blue, green and red."""
    level = (np.arange(256) / 255.0) ** gamma * 255.0 * gain
    balance = np.array([1.0 - 0.10 * warmth, 1.0, 1.0 + 0.08 * warmth])
    table: Picture = np.clip(level[:, None] * balance, 0, 255).astype(np.uint8)
    return table[None]


@lru_cache(maxsize=16)
def _shade(height: int, width: int, vignette: float, side: float) -> NDArray[np.float32]:
    """Light that reaches each pixel, (h, w, 3): darker in the corners, brighter on one side."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    falloff = 1.0 - vignette * (x * x + y * y) / 2.0
    return np.repeat((falloff * (1.0 + side * x))[:, :, None], 3, axis=2).astype(np.float32)
