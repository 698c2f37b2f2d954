"""What good parts look like, place by place, learnt from good pictures only.

Each place of the picture has a mean feature vector; deviations are whitened by one covariance for all places, shrunk after
Ledoit and Wolf (2004), and a place that varies more among good parts counts less. PaDiM (Defard et al., 2021) with a shared
covariance, so that thirty pictures are enough. A place may match a neighbour's mean too: parts never lie to the pixel.
"""

import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from vision_models.errors import BundleRejected
from vision_models.inference.arrays import Floats
from vision_models.inference.heatmap import smoothed

_ARRAYS = ("whitening", "mean", "scale", "limit_scores", "limit_p_values")
_MOST_GRAIN = 1.6
# What numpy raises for bytes that are empty, cut short, a lone array, or no archive of these arrays.
_NO_ARCHIVE = (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class Normality:
    """whitening: (c, c); mean: (h, w, c) whitened features of good parts; scale: (h, w), usual distance there;
    limit_scores, limit_p_values: share of good parts expected to reach a score, both ascending in score."""

    whitening: Floats
    mean: Floats
    scale: Floats
    limit_scores: Floats
    limit_p_values: Floats

    def strangeness(self, features: Floats) -> Floats:
        """How many times farther from good than usual each place is: (h, w) for features (h, w, c)."""
        return distances(whitened(features, self.whitening), self.mean) / self.scale

    def p_value(self, score: float) -> float | None:
        """Share of good parts expected to score at least this; None when nothing was learnt about it."""
        if not len(self.limit_scores):
            return None
        return float(np.exp(np.interp(score, self.limit_scores, np.log(self.limit_p_values))))


def whitened(features: Floats, whitening: Floats) -> Floats:
    """Features (h, w, c) after the map (c, c)."""
    # Four places at a time: products this small stay on this thread, where BLAS would wake the others and let them spin.
    groups = features.reshape(-1, 4, features.shape[2]) if features[:, :, 0].size % 4 == 0 else features
    return np.asarray(groups @ whitening, dtype=np.float32).reshape(features.shape)


def distances(features: Floats, mean: Floats) -> Floats:
    """Distance (h, w) of whitened features (h, w, c) to the nearest of the means at their place and its eight neighbours."""
    height, width = mean.shape[:2]
    padded = np.pad(mean, ((1, 1), (1, 1), (0, 0)), mode="edge")
    best = np.full((height, width), np.inf, dtype=np.float32)
    for row in range(3):
        for column in range(3):
            difference = features - padded[row : row + height, column : column + width]
            best = np.minimum(best, np.einsum("hwc,hwc->hw", difference, difference))
    return np.asarray(np.sqrt(best / mean.shape[2]), dtype=np.float32)


def calmed(strange: Floats, smoothing: float, border: int) -> Floats:
    """A map evened out over its neighbours, zero in a border that shows no part, and, where the whole picture is noisier
    than usual, measured by its own median: grain from a dim lamp is everywhere, a flaw is not. At most 1.6 times, so that a
    part that is wrong all over stays so."""
    even = smoothed(strange, smoothing)
    rows, columns = (slice(border, side - border) for side in even.shape)
    inside, calm = even[rows, columns], np.zeros_like(even)
    calm[rows, columns] = inside / np.clip(np.median(inside), 1.0, _MOST_GRAIN)
    return calm


def joined(fine: Floats, coarse: Floats) -> Floats:
    """One feature vector a place, (h, w, c): the fine tap (1, c, h, w) averaged over 3x3 places, and the coarse one between
    its own."""
    near = cv2.blur(fine[0].transpose(1, 2, 0), (3, 3))
    wide = cv2.resize(coarse[0].transpose(1, 2, 0), near.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.concatenate([near, wide], axis=2).astype(np.float32)


def save_normality(path: Path, normality: Normality) -> None:
    """Write the arrays; the large ones with half precision, which is finer than their spread over good parts."""
    arrays = {name: getattr(normality, name) for name in _ARRAYS}
    arrays["mean"] = arrays["mean"].astype(np.float16)
    np.savez_compressed(path, allow_pickle=False, **arrays)


def load_normality(content: bytes, origin: Path) -> Normality:
    """The arrays in the bytes of a file. Raises BundleRejected naming `origin`."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return Normality(*(archive[name].astype(np.float32) for name in _ARRAYS))
    except _NO_ARCHIVE as error:
        raise BundleRejected(f"{origin}: {error}; not the statistics of a defect model: fetch the bundle again") from error
