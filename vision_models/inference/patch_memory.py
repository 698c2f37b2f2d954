"""A fixed number of remembered places of good parts: how far a place is from the nearest of them.

PatchCore (Roth et al., 2022) with a budget: however many pictures are taught, at most `MOST_PATCHES` places are kept, so the
file and the time of a verdict do not grow. Channels are scaled by their spread over good parts and cut to the directions
in which good parts vary most.
"""

from dataclasses import dataclass, replace

import numpy as np

from vision_models.inference.arrays import Floats, Integers

MOST_PATCHES = 4000
_ROWS_AT_ONCE = 4


@dataclass(frozen=True)
class PatchMemory:
    """mean: (c,); directions: (c, d) after which good places vary by about one; patches: (k, d) remembered places."""

    mean: Floats
    directions: Floats
    patches: Floats

    def distances(self, features: Floats) -> Floats:
        """Distance (h, w) of each place of features (h, w, c) to the nearest remembered one."""
        places = ((features - self.mean).reshape(-1, features.shape[2]) @ self.directions).astype(np.float32)
        half_squares = np.einsum("kd,kd->k", self.patches, self.patches) / 2
        # One more dimension takes the lengths along: the largest product is then that with the nearest patch.
        wide = np.concatenate([places, np.full((len(places), 1), -1, dtype=np.float32)], axis=1)
        turned = np.ascontiguousarray(np.concatenate([self.patches, half_squares[:, None]], axis=1).T)
        squares = np.einsum("nd,nd->n", places, places) - 2 * _largest_products(wide, turned)
        away = np.sqrt(np.maximum(squares, 0) / places.shape[1])
        return np.asarray(away.reshape(features.shape[:2]), dtype=np.float32)


def remembered(features: Floats, dimensions: int, patches: int, rng: np.random.Generator) -> PatchMemory:
    """The memory of good parts (n, h, w, c): a random choice of their places, at most `patches` and `MOST_PATCHES`."""
    return remembered_from(features, dimensions, patches, rng)[0]


def remembered_from(
    features: Floats, dimensions: int, patches: int, rng: np.random.Generator
) -> tuple[PatchMemory, Integers]:
    """The memory of good parts (n, h, w, c), and the part (k,) from which each place was remembered."""
    places = features.reshape(-1, features.shape[3])
    mean, spread = places.mean(axis=0), places.std(axis=0) + 1e-6
    scaled = (places - mean) / spread
    directions = _most_varied(scaled, min(dimensions, places.shape[1])) / spread[:, None]
    kept = rng.permutation(len(places))[: min(patches, MOST_PATCHES)]
    memory = PatchMemory(
        mean.astype(np.float32), directions.astype(np.float32), ((places[kept] - mean) @ directions).astype(np.float32)
    )
    return memory, np.asarray(kept // (features.shape[1] * features.shape[2]), dtype=np.int64)


def left_out_distances(features: Floats, memory: PatchMemory, part_of: Integers) -> list[Floats]:
    """Distances (h, w) of each remembered part (n, h, w, c) to the places of the others."""
    return [replace(memory, patches=memory.patches[part_of != index]).distances(one) for index, one in enumerate(features)]


def _most_varied(scaled: Floats, dimensions: int) -> Floats:
    """The directions (c, d) of largest variance."""
    covariance = (scaled.T @ scaled) / np.float32(len(scaled))
    return np.asarray(np.linalg.eigh(covariance)[1][:, -dimensions:], dtype=np.float32)


def _largest_products(places: Floats, turned: Floats) -> Floats:
    """For each row of places (n, d) the largest product with a column of (d, k).

    A few rows at a time: products this small stay on this thread, where BLAS would wake the others and let them spin.
    """
    best = np.empty(len(places), dtype=np.float32)
    for start in range(0, len(places), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        best[rows] = (places[rows] @ turned).max(axis=1)
    return best
