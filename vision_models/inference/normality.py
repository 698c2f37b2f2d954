"""What good parts look like, place by place, learnt from good pictures only.

Each place of the picture has a mean feature vector; deviations are whitened by one covariance for all places, shrunk after
Ledoit and Wolf (2004), and a place that varies more among good parts counts less. PaDiM (Defard et al., 2021) with a shared
covariance, so that thirty pictures are enough. A place may match a neighbour's mean too: parts never lie to the pixel.
Parts that lie or are shaped differently each time have no such means: they are taught as a memory of places instead, and
surfaces of which a hundred and more were taught as neighbourhoods.
"""

import io
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from vision_models.errors import BundleRejected
from vision_models.inference.arrays import Floats
from vision_models.inference.heatmap import smoothed
from vision_models.inference.neighbourhoods import Neighbourhoods
from vision_models.inference.patch_memory import PatchMemory

_ARRAYS = ("whitening", "mean", "scale", "limit_scores", "limit_p_values")
_MEMORY = ("mean", "directions", "patches")
_MOST_GRAIN = 1.6
# What numpy raises for bytes that are empty, cut short, a lone array, or no archive of these arrays.
_NO_ARCHIVE = (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class Normality:
    """whitening: (c, c); mean: (h, w, c) whitened features of good parts; scale: (h, w), usual distance there;
    limit_scores, limit_p_values: share of good parts expected to reach a score, both ascending in score.

    memory, neighbourhoods: either stands in for whitening and mean, which are empty then. taught_scores: of the taught
    parts, each by a model that had not seen it. backbone: SHA-256 of the network whose features these are; empty in releases
    before 0.2.
    """

    whitening: Floats
    mean: Floats
    scale: Floats
    limit_scores: Floats
    limit_p_values: Floats
    taught_scores: Floats = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    memory: PatchMemory | None = None
    backbone: str = ""
    neighbourhoods: Neighbourhoods | None = None

    def strangeness(self, features: Floats) -> Floats:
        """How many times farther from good than usual each place is: (h, w) for features (h, w, c)."""
        known = self.memory or self.neighbourhoods
        if known is not None:
            return np.asarray(known.distances(features) / self.scale, dtype=np.float32)
        return distances(whitened(features, self.whitening), self.mean) / self.scale

    def score_at(self, p_value: float) -> float | None:
        """The score that this share of good parts is expected to reach; None when nothing was learnt about it."""
        if not len(self.limit_scores):
            return None
        shares, scores = np.log(self.limit_p_values[::-1]), self.limit_scores[::-1]
        return float(np.interp(np.log(p_value), shares, scores))

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
    path.write_bytes(normality_bytes(normality))


def normality_bytes(normality: Normality) -> bytes:
    """The file of a normality."""
    arrays = {name: getattr(normality, name) for name in (*_ARRAYS, "taught_scores")}
    arrays["mean"] = arrays["mean"].astype(np.float16)
    if normality.memory is not None:
        arrays |= {f"memory_{name}": getattr(normality.memory, name) for name in _MEMORY}
        arrays["memory_patches"] = normality.memory.patches.astype(np.float16)
    if normality.neighbourhoods is not None:
        arrays["near_mean"] = normality.neighbourhoods.mean.astype(np.float16)
        arrays["near_whitening"] = normality.neighbourhoods.whitening.astype(np.float16)
    written = io.BytesIO()
    np.savez_compressed(written, allow_pickle=False, backbone=np.array(normality.backbone), **arrays)
    return written.getvalue()


def load_normality(content: bytes, origin: Path) -> Normality:
    """The arrays in the bytes of a file. Raises BundleRejected naming `origin`."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            read = {name: archive[name].astype(np.float32) for name in archive.files if name != "backbone"}
            backbone = str(archive["backbone"]) if "backbone" in archive.files else ""
        normality = _from_arrays(read, backbone)
    except _NO_ARCHIVE as error:
        raise BundleRejected(f"{origin}: {error}; not the statistics of a defect model: fetch the bundle again") from error
    damaged = [name for name, values in read.items() if not np.isfinite(values).all()]
    if damaged or not (normality.scale > 0).all():
        raise BundleRejected(f"{origin}: {', '.join(damaged) or 'scale'} holds what is no measure (NaN); teach it again")
    return normality


def _from_arrays(read: dict[str, Floats], backbone: str) -> Normality:
    memory = PatchMemory(*(read[f"memory_{name}"] for name in _MEMORY)) if "memory_patches" in read else None
    near = Neighbourhoods(read["near_mean"], read["near_whitening"]) if "near_mean" in read else None
    scores = read.get("taught_scores", np.zeros(0, dtype=np.float32))
    whitening, mean, scale, limit_scores, limit_p_values = (read[name] for name in _ARRAYS)
    return Normality(whitening, mean, scale, limit_scores, limit_p_values, scores, memory, backbone, near)
