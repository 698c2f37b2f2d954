"""Which of the enrolled products a described picture shows, or none of them.

Learnt in closed form, in seconds on a Pi: linear discriminants (Fisher) of all views of all pictures, their common spread
shrunk towards a ball, so that eight pictures a product are enough. A picture is the mean of its views; the product is the
nearest mean; the chance of it comes from the distances, tempered so that on pictures left out it is as often right as it
says. It is unknown when it lies farther from every mean than all but a wanted share of the pictures left out lie from their
own.
"""

import io
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vision_models.errors import BundleRejected, DataMissing
from vision_models.inference.arrays import Floats, Integers

GALLERY_VERSION = 1
LEAST_PICTURES, USUAL_FALSE_REJECTS = 4, 0.05
_SHRINK, _FOLDS = 0.1, 4
_TEMPERATURES = np.geomspace(0.5, 500.0, 40)
_ARRAYS = ("centre", "projection", "means", "temperature", "limit", "skus", "network", "version")
_NO_ARCHIVE = (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error)
_Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Named:
    """What a picture shows. sku: None for a product that is not enrolled; p: the chance of the nearest; distance: to it."""

    sku: str | None
    p: float
    nearest: str
    distance: float


@dataclass(frozen=True)
class Gallery:
    """n enrolled products. centre (d,), projection (d, k), means (n, k); limit: the largest squared distance that is still
    one of them; network: the describer that the pictures were described by."""

    skus: tuple[str, ...]
    network: str
    centre: Floats
    projection: Floats
    means: Floats
    temperature: float
    limit: float

    def distances(self, described: Floats) -> Floats:
        """Squared distances (n,) of a picture, described as (views, d), to each product."""
        place = (described.mean(axis=0) - self.centre) @ self.projection
        return np.asarray(np.square(self.means - place).sum(axis=1), dtype=np.float32)

    def name(self, described: Floats) -> Named:
        """The product in a picture described as (views, d)."""
        distances = self.distances(described)
        best = int(distances.argmin())
        p = float(_chances(distances[None].astype(np.float64), self.temperature)[0, best])
        distance, nearest = float(distances[best]), self.skus[best]
        return Named(nearest if distance <= self.limit else None, p, nearest, distance)


def learnt(pictures: Mapping[str, Sequence[Floats]], network: str, false_rejects: float = USUAL_FALSE_REJECTS) -> Gallery:
    """The gallery of described pictures (views, d) by SKU, in the order they were taken: neighbours are left out together.

    Raises DataMissing for less than two products, or less than four pictures of one.
    """
    if len(pictures) < 2:
        raise DataMissing(f"{len(pictures)} products: a gallery tells at least two apart; enrol another one")
    for sku, some in pictures.items():
        if len(some) < LEAST_PICTURES:
            raise DataMissing(
                f"{sku}: {len(some)} pictures; at least {LEAST_PICTURES}, better 8 to 20, are needed to enrol it"
            )
    skus = tuple(sorted(pictures))
    described = np.stack([one for sku in skus for one in pictures[sku]])
    truth = np.repeat(np.arange(len(skus)), [len(pictures[sku]) for sku in skus])
    fold = np.concatenate([np.arange(len(pictures[sku])) * _FOLDS // len(pictures[sku]) for sku in skus])
    distances = _left_out(described, truth, fold)
    own = distances[np.arange(len(truth)), truth]
    gallery = _fitted(described, truth, skus, network)
    return replace(gallery, temperature=_tempered(distances, truth), limit=float(np.quantile(own, 1 - false_rejects)))


def save_gallery(path: Path, gallery: Gallery) -> None:
    """Write the gallery as arrays, without pickle."""
    arrays = {name: np.asarray(getattr(gallery, name)) for name in _ARRAYS if name != "version"}
    np.savez_compressed(path, allow_pickle=False, version=np.asarray(GALLERY_VERSION), **arrays)


def load_gallery(path: Path, network: str) -> Gallery:
    """The gallery in a file, enrolled with this network. Raises BundleRejected naming the file and the remedy."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
            found = {name: archive[name] for name in _ARRAYS}
    except _NO_ARCHIVE as error:
        raise BundleRejected(f"{path}: {error}; not a gallery of products: enrol them again") from error
    if int(found["version"]) != GALLERY_VERSION:
        raise BundleRejected(f"{path}: version {found['version']}, this code reads {GALLERY_VERSION}; enrol again")
    gallery = Gallery(
        skus=tuple(str(sku) for sku in found["skus"]),
        network=str(found["network"]),
        centre=found["centre"].astype(np.float32),
        projection=found["projection"].astype(np.float32),
        means=found["means"].astype(np.float32),
        temperature=float(found["temperature"]),
        limit=float(found["limit"]),
    )
    return _sound(gallery, path, network)


def _sound(gallery: Gallery, path: Path, network: str) -> Gallery:
    """The gallery itself. Raises BundleRejected when its arrays do not fit one another, hold no numbers or are another's."""
    if gallery.network != network:
        raise BundleRejected(
            f"{path}: enrolled with the network {gallery.network[:12]}…, this is {network[:12]}…; enrol the products again"
        )
    arrays = (gallery.centre, gallery.projection, gallery.means)
    count, rank = len(gallery.skus), gallery.means.shape[-1]
    fits = gallery.projection.shape == (len(gallery.centre), rank) and gallery.means.shape == (count, rank)
    if not fits or not all(np.isfinite(each).all() for each in arrays) or not gallery.temperature > 0:
        raise BundleRejected(f"{path}: its arrays do not fit one another or hold no numbers; enrol the products again")
    return gallery


def _fitted(described: Floats, truth: Integers, skus: tuple[str, ...], network: str) -> Gallery:
    """Discriminants and means of pictures (n, views, d); knows no limit and no temperature yet."""
    views = described.reshape(-1, described.shape[2]).astype(np.float64)
    owner = np.repeat(truth, described.shape[1])
    centre = views.mean(axis=0)
    means = np.stack([views[owner == one].mean(axis=0) for one in range(len(skus))])
    rest = views - means[owner]
    spread = rest.T @ rest / len(rest)
    spread += np.eye(len(spread)) * np.trace(spread) / len(spread) * _SHRINK
    values, vectors = np.linalg.eigh(spread)
    whitening = vectors / np.sqrt(values)
    _, _, axes = np.linalg.svd((means - centre) @ whitening, full_matrices=False)
    projection = whitening @ axes[: len(skus) - 1].T
    return Gallery(
        skus=skus,
        network=network,
        centre=centre.astype(np.float32),
        projection=projection.astype(np.float32),
        means=((means - centre) @ projection).astype(np.float32),
        temperature=1.0,
        limit=float("inf"),
    )


def _left_out(described: Floats, truth: Integers, fold: Integers) -> _Numbers:
    """Squared distances (n, products) of each picture by a gallery that has not seen it or its neighbours."""
    count = int(truth.max()) + 1
    distances = np.zeros((len(truth), count))
    for one in np.unique(fold):
        out = fold == one
        gallery = _fitted(described[~out], truth[~out], ("",) * count, "")
        distances[out] = [gallery.distances(picture) for picture in described[out]]
    return distances


def _tempered(distances: _Numbers, truth: Integers) -> float:
    """The temperature at which the chances fit the truth best."""
    rows = np.arange(len(truth))
    costs = [-np.log(_chances(distances, one)[rows, truth] + 1e-12).mean() for one in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(costs))])


def _chances(distances: _Numbers, temperature: float) -> _Numbers:
    """Chances (n, products) from squared distances (n, products)."""
    weights = np.exp(-(distances - distances.min(axis=1, keepdims=True)) / (2 * temperature))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float64)
