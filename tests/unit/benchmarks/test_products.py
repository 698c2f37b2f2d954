"""The benchmark of products asks what it says, on descriptions that are made up."""

import numpy as np

from benchmarks.products import Described, peers_of, top1, unknowns
from vision_models.inference.gallery import learnt

LENGTH, VIEWS = 20, 2


def described(seed: int) -> Described:
    """Ten products far apart, eight pictures each."""
    places = np.random.default_rng(3).normal(size=(10, LENGTH)) * 3
    rng = np.random.default_rng(seed)
    return {
        f"sku-{number}": [(place + rng.normal(size=(VIEWS, LENGTH)) * 0.2).astype(np.float32) for _ in range(8)]
        for number, place in enumerate(places)
    }


def test_products_far_apart_are_told_and_left_out_ones_lie_beyond_the_limit() -> None:
    """Each product is unknown once and known four times."""
    taught, asked = described(1), described(2)
    assert top1(learnt(taught, ""), asked) == 1.0
    known, unknown, promised = unknowns(taught, asked, seed=0)
    assert (len(known), len(unknown)) == (4 * 80, 80)
    assert min(unknown) > max(known)
    assert promised[1] == 1.0
    assert peers_of(taught, asked, seed=0)["nearest_picture_top1"] == 1.0
