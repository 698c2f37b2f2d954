"""Products are told apart from a few pictures, strangers are unknown, and a gallery keeps to its network."""

from pathlib import Path

import numpy as np
import pytest

from vision_models.errors import BundleRejected, DataMissing
from vision_models.inference.arrays import Floats
from vision_models.inference.gallery import Gallery, learnt, load_gallery, save_gallery

NETWORK = "ab" * 32
LENGTH, VIEWS = 24, 3


def pictures(seed: int, products: int = 5, each: int = 10, spread: float = 0.35) -> dict[str, list[Floats]]:
    """Described pictures about a place of each product's own, the same places for every seed."""
    places = np.random.default_rng(7).normal(size=(products, LENGTH))
    rng = np.random.default_rng(seed)
    return {
        f"sku-{number}": [
            (place + rng.normal(size=LENGTH) * spread + rng.normal(size=(VIEWS, LENGTH)) * 0.1).astype(np.float32)
            for _ in range(each)
        ]
        for number, place in enumerate(places)
    }


@pytest.fixture(scope="module")
def gallery() -> Gallery:
    return learnt(pictures(1), NETWORK)


def test_new_pictures_of_enrolled_products_are_named(gallery: Gallery) -> None:
    """Other pictures than the taught ones, and surely so."""
    named = [(sku, gallery.name(one)) for sku, some in pictures(2).items() for one in some]
    assert np.mean([found.nearest == sku for sku, found in named]) > 0.95
    assert np.mean([found.p for _, found in named]) > 0.9


def test_few_enrolled_ones_are_sent_away_and_most_strangers_are(gallery: Gallery) -> None:
    """The limit comes from the taught pictures alone."""
    own = [gallery.name(one).sku for some in pictures(3, each=40).values() for one in some]
    assert np.mean([sku is None for sku in own]) < 0.15
    rng = np.random.default_rng(4)
    strange = [gallery.name((np.zeros((VIEWS, LENGTH)) + rng.normal(size=LENGTH)).astype(np.float32)) for _ in range(50)]
    assert np.mean([found.sku is None for found in strange]) > 0.8


def test_chances_do_not_say_more_than_is_right() -> None:
    """Products that lie close together. Learnt from pictures left out, so rather too modest than too sure."""
    hard = learnt(pictures(5, each=20, spread=1.6), NETWORK)
    named = [(sku, hard.name(one)) for sku, some in pictures(6, each=80, spread=1.6).items() for one in some]
    right = np.mean([found.nearest == sku for sku, found in named])
    assert 0.5 < right < 0.95
    assert right - 0.15 < np.mean([found.p for _, found in named]) < right + 0.03


def test_a_file_brings_back_the_same_gallery(gallery: Gallery, tmp_path: Path) -> None:
    """The same names at the same distances."""
    save_gallery(tmp_path / "tea.npz", gallery)
    again = load_gallery(tmp_path / "tea.npz", NETWORK)
    assert again.skus == gallery.skus
    one = pictures(8)["sku-2"][0]
    assert again.name(one) == gallery.name(one)


def test_a_gallery_of_another_network_is_refused(gallery: Gallery, tmp_path: Path) -> None:
    """Its distances would mean nothing; the remedy is named."""
    save_gallery(tmp_path / "tea.npz", gallery)
    with pytest.raises(BundleRejected, match=r"tea\.npz.*enrol the products again"):
        load_gallery(tmp_path / "tea.npz", "cd" * 32)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"x" * 5000])
def test_a_broken_file_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    """Whatever stands in it."""
    (tmp_path / "broken.npz").write_bytes(content)
    with pytest.raises(BundleRejected, match=r"broken\.npz"):
        load_gallery(tmp_path / "broken.npz", NETWORK)


def test_a_gallery_without_numbers_is_refused(gallery: Gallery, tmp_path: Path) -> None:
    """NaN in a mean would name the first product for ever."""
    spoilt = Gallery(
        gallery.skus, NETWORK, gallery.centre, gallery.projection, np.full_like(gallery.means, np.nan), 1.0, gallery.limit
    )
    save_gallery(tmp_path / "nan.npz", spoilt)
    with pytest.raises(BundleRejected, match="hold no numbers"):
        load_gallery(tmp_path / "nan.npz", NETWORK)


def test_too_few_pictures_or_products_are_named() -> None:
    """Three pictures of one product are not enough, and one product is told apart from nothing."""
    few = pictures(1)
    few["sku-3"] = few["sku-3"][:3]
    with pytest.raises(DataMissing, match="sku-3: 3 pictures"):
        learnt(few, NETWORK)
    with pytest.raises(DataMissing, match="enrol another"):
        learnt({"sku-0": pictures(1)["sku-0"]}, NETWORK)
