"""How each neighbourhood of a picture varies among good parts, where a hundred and more of them were taught.

PaDiM (Defard et al., 2021) with all channels: a mean for each place, and a covariance for each of 8 x 8 neighbourhoods,
whose places bear witness together. A flaw of a surface is what is unusual there; a memory has seen it elsewhere.
"""

from dataclasses import dataclass

import numpy as np

from vision_models.inference.arrays import Floats

_A_SIDE = 8
_DOUBT_PICTURES, _OWN_DIRECTIONS = 50, 0.3


@dataclass(frozen=True)
class Neighbourhoods:
    """mean: (h, w, c) of good parts; whitening: (8, 8, c, c), the map of a neighbourhood after which deviations are spread
    alike."""

    mean: Floats
    whitening: Floats

    def distances(self, features: Floats) -> Floats:
        """Distance (h, w) of each place of features (h, w, c) from its mean, after the map of its neighbourhood."""
        away, strange = features - self.mean, np.zeros(features.shape[:2], dtype=np.float32)
        for rows, columns, place in _areas(*features.shape[:2]):
            white = _few_at_once(away[rows, columns], self.whitening[place])
            strange[rows, columns] = np.sqrt(np.einsum("hwc,hwc->hw", white, white) / features.shape[2])
        return strange


def learnt_neighbourhoods(features: Floats) -> Neighbourhoods:
    """From good parts (n, h, w, c). Few pictures lean on the covariance of all places, and that a little on none at all."""
    mean = features.mean(axis=0)
    away = features - mean
    shared = _covariance(away)
    lean = _DOUBT_PICTURES / (_DOUBT_PICTURES + len(features))
    channels = features.shape[3]
    whitening = np.zeros((_A_SIDE, _A_SIDE, channels, channels), dtype=np.float32)
    even = _OWN_DIRECTIONS * np.eye(channels) / channels
    supposed = (1 - _OWN_DIRECTIONS) * shared / max(float(np.trace(shared)), 1e-9) + even
    for rows, columns, place in _areas(*mean.shape[:2]):
        own = _covariance(away[:, rows, columns])
        values, vectors = np.linalg.eigh((1 - lean) * own + lean * max(float(np.trace(own)), 1e-6) * supposed)
        whitening[place] = vectors / np.sqrt(np.maximum(values, 1e-7))
    return Neighbourhoods(mean.astype(np.float32), whitening)


def _areas(height: int, width: int) -> list[tuple[slice, slice, tuple[int, int]]]:
    """Rows, columns and number of each neighbourhood; those of a map with fewer places a side are left empty."""
    downs, rights = (np.linspace(0, side, _A_SIDE + 1).round().astype(int) for side in (height, width))
    return [
        (slice(downs[row], downs[row + 1]), slice(rights[column], rights[column + 1]), (row, column))
        for row in range(_A_SIDE)
        for column in range(_A_SIDE)
        if downs[row] < downs[row + 1] and rights[column] < rights[column + 1]
    ]


def _covariance(away: Floats) -> Floats:
    places = away.reshape(-1, away.shape[-1])
    return np.asarray(places.T @ places / np.float32(len(places)), dtype=np.float32)


def _few_at_once(places: Floats, whitening: Floats) -> Floats:
    """Places (h, w, c) after a map (c, c); products this small stay on this thread."""
    return np.concatenate([places[start : start + 1] @ whitening for start in range(len(places))])
