"""What a picture of one product looks like to the shared network: a few views of it, each as one vector."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from vision_models.inference.arrays import Floats, Picture
from vision_models.inference.barcodes import codes_in, sku_of
from vision_models.inference.gallery import Gallery, Named, learnt, load_gallery
from vision_models.inference.manifest import read_bundle
from vision_models.inference.preprocess import checked, normalised, picture_paths, read_picture
from vision_models.inference.session import Graph, graph_file, load_graph

FEATURES = "features"
PARTS = (96, 96, 320, 320)  # channels that are scaled to length one by themselves
LENGTH = sum(PARTS)
# Middle across and down, and side, as shares of the shorter side: the middle thrice, then four overlapping quarters.
_SQUARES = (
    (0.5, 0.5, 1.0),
    (0.5, 0.5, 0.8),
    (0.5, 0.5, 0.6),
    (0.35, 0.35, 0.7),
    (0.65, 0.35, 0.7),
    (0.35, 0.65, 0.7),
    (0.65, 0.65, 0.7),
)
VIEWS = 1 + len(_SQUARES)


@dataclass(frozen=True)
class ProductDescriber:
    """The describing network of one bundle. network: SHA-256 of its graph in hex, which galleries are bound to."""

    model_id: str
    network: str
    graph: Graph
    side_px: int

    @classmethod
    def load(cls, folder: Path, *trusted_keys: str) -> "ProductDescriber":
        """The describer of a checked bundle. Raises BundleRejected."""
        bundle = read_bundle(folder, *trusted_keys)
        manifest = bundle.manifest
        graph = load_graph(bundle, (FEATURES,))
        return cls(manifest.model_id, manifest.files[manifest.graph], graph, manifest.input.height_px)

    def describe(self, picture: Picture) -> Floats:
        """Descriptions (VIEWS, LENGTH) of a picture (h, w, 3) that shows one product. Raises PictureUnusable."""
        described = [self.graph.run(normalised(view))[FEATURES][0] for view in views(picture, self.side_px)]
        return _even(np.stack(described))


def unreleased(graph: Path, side_px: int) -> ProductDescriber:
    """The describer as training leaves it, which no manifest vouches for. Raises BundleRejected."""
    network = graph_file(graph)
    return ProductDescriber(graph.stem, hashlib.sha256(graph.read_bytes()).hexdigest(), network, side_px)


def views(picture: Picture, side_px: int) -> list[Picture]:
    """The whole picture and squares of it, each (side_px, side_px, 3). Raises PictureUnusable."""
    height, width = checked(picture).shape[:2]
    squares = [
        _square(picture, across * width, down * height, share * min(height, width)) for across, down, share in _SQUARES
    ]
    return [_resized(view, side_px) for view in (picture, *squares)]


def _square(picture: Picture, middle_x: float, middle_y: float, side: float) -> Picture:
    """The square about a point, pushed inside the picture."""
    height, width = picture.shape[:2]
    side_px = max(1, int(side))
    left = min(max(int(middle_x - side / 2), 0), width - side_px)
    top = min(max(int(middle_y - side / 2), 0), height - side_px)
    return picture[top : top + side_px, left : left + side_px]


def _resized(picture: Picture, side_px: int) -> Picture:
    method = cv2.INTER_AREA if max(picture.shape[:2]) > side_px else cv2.INTER_LINEAR
    return cv2.resize(picture, (side_px, side_px), interpolation=method).astype(np.uint8, copy=False)


def _even(features: Floats) -> Floats:
    """Each part at length one, so that no stage outweighs another."""
    parts = np.split(features, np.cumsum(PARTS)[:-1], axis=1)
    return np.concatenate([part / np.maximum(np.linalg.norm(part, axis=1, keepdims=True), 1e-9) for part in parts], axis=1)


@dataclass(frozen=True)
class ProductReader:
    """Names the product in a picture: by a code on it where one can be read, else by the gallery. codes: text → SKU."""

    describer: ProductDescriber
    gallery: Gallery
    codes: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path, gallery: Path, codes: Mapping[str, str]) -> "ProductReader":
        """The reader of a checked bundle and a gallery enrolled with it. Raises BundleRejected."""
        describer = ProductDescriber.load(folder)
        return cls(describer, load_gallery(gallery, describer.network), codes)

    def identify(self, picture: Picture) -> Named:
        """The product in a picture (h, w, 3); one read from a code is certain. Raises PictureUnusable."""
        read = sku_of(codes_in(picture), self.codes) if self.codes else None
        if read is not None:
            return Named(sku=read, p=1.0, nearest=read, distance=0.0)
        return self.gallery.name(self.describer.describe(picture))


def enrolled(describer: ProductDescriber, folder: Path) -> Gallery:
    """The gallery of a folder with one folder of pictures a product, named by its SKU, in the order of their names.

    Raises DataMissing when there are too few, PictureUnusable naming a file that is no picture.
    """
    products = sorted(each for each in folder.glob("*") if each.is_dir())
    described = {each.name: [describer.describe(read_picture(path)) for path in picture_paths(each)] for each in products}
    return learnt(described, describer.network)
