"""The shipped describer: what it makes of pictures, and how a code outranks it."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from protocols.signing import new_key, public_text
from tests.parts.bundles import WEIGHTS
from vision_models.errors import BundleRejected, PictureUnusable
from vision_models.inference.arrays import Picture
from vision_models.inference.gallery import learnt
from vision_models.inference.products import LENGTH, VIEWS, ProductDescriber, ProductReader, views
from vision_models.training.release import release


@pytest.fixture(scope="module")
def describer(tmp_path_factory: pytest.TempPathFactory) -> ProductDescriber:
    """The shipped network in a bundle that a key of the test released."""
    folder, key = tmp_path_factory.mktemp("products"), new_key()
    for name in ("products.onnx", "draft.json"):
        shutil.copy(WEIGHTS / "products" / name, folder / name)
    release(folder, key)
    return ProductDescriber.load(folder, public_text(key))


def carton(seed: int, hue: int, text: str) -> Picture:
    """A coloured carton with a name on it, in front of a wall, not twice at the same place."""
    rng = np.random.default_rng(seed)
    picture = rng.integers(90, 130, (180, 160, 3)).astype(np.uint8)
    left, top = (int(each) for each in rng.integers(10, 50, 2))
    colour = cv2.cvtColor(np.array([[[hue, 180, 200]]], dtype=np.uint8), cv2.COLOR_HSV2BGR)[0, 0].tolist()
    cv2.rectangle(picture, (left, top), (left + 90, top + 120), colour, -1)
    cv2.putText(picture, text, (left + 6, top + 70), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (255, 255, 255), 3)
    return picture


def test_each_view_is_described_at_length_one_a_part(describer: ProductDescriber) -> None:
    """Four parts of length one: no stage outweighs another."""
    described = describer.describe(carton(0, 20, "TEA"))
    assert described.shape == (VIEWS, LENGTH)
    np.testing.assert_allclose(np.linalg.norm(described, axis=1), 2.0, rtol=1e-5)


def test_pictures_are_named_by_the_gallery_and_by_a_code_before_it(describer: ProductDescriber) -> None:
    """Two cartons enrolled from four pictures each; a QR label of another product is believed."""
    kinds = {"tea": (20, "TEA"), "rice": (110, "RICE")}
    taught = {sku: [describer.describe(carton(seed, *kind)) for seed in range(4)] for sku, kind in kinds.items()}
    reader = ProductReader(describer, learnt(taught, describer.network), {"S-1": "soap"})
    assert {sku: reader.identify(carton(9, *kind)).nearest for sku, kind in kinds.items()} == {"tea": "tea", "rice": "rice"}
    label = cv2.QRCodeEncoder.create().encode("S-1")
    big = cv2.resize(label, None, fx=6, fy=6, interpolation=cv2.INTER_NEAREST)
    framed = cv2.copyMakeBorder(big, 40, 40, 40, 40, cv2.BORDER_CONSTANT, value=(255,))
    labelled = cv2.cvtColor(framed, cv2.COLOR_GRAY2BGR).astype(np.uint8)
    found = reader.identify(labelled)
    assert (found.sku, found.p) == ("soap", 1.0)


def test_an_unsigned_describer_is_refused(tmp_path: Path) -> None:
    """As training leaves it, it is no bundle."""
    shutil.copy(WEIGHTS / "products" / "products.onnx", tmp_path)
    with pytest.raises(BundleRejected, match=r"manifest\.json"):
        ProductDescriber.load(tmp_path)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (300, 8), (8, 300), (37, 211)])
def test_views_of_any_picture_are_of_one_size(height: int, width: int) -> None:
    """Crops of a shelf come in every shape."""
    picture = np.zeros((height, width, 3), dtype=np.uint8)
    assert {view.shape for view in views(picture, 64)} == {(64, 64, 3)}


def test_what_is_no_picture_is_refused() -> None:
    """Grey, empty or of floats."""
    with pytest.raises(PictureUnusable):
        views(np.zeros((40, 40), dtype=np.uint8), 64)
