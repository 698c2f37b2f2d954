"""What was learnt from good parts tells a strange place from a usual one, and survives being written."""

from pathlib import Path

import numpy as np
import pytest

from vision_models.errors import BundleRejected
from vision_models.inference.arrays import Floats
from vision_models.inference.normality import Normality, calmed, load_normality, save_normality, whitened

RNG = np.random.default_rng(11)


def learnt() -> Normality:
    return Normality(
        whitening=np.diag(np.array([1.0, 2.0, 0.5], np.float32)),
        mean=RNG.normal(size=(6, 8, 3)).astype(np.float32),
        scale=np.ones((6, 8), np.float32),
        limit_scores=np.array([0.5, 1.0, 2.0], np.float32),
        limit_p_values=np.array([0.9, 0.1, 0.001], np.float32),
    )


def test_groups_give_the_same_product() -> None:
    """Whitening in small groups is the plain product, for any size of map."""
    for shape in ((6, 8, 3), (5, 7, 3)):
        features, whitening = RNG.normal(size=shape).astype(np.float32), RNG.normal(size=(3, 3)).astype(np.float32)
        np.testing.assert_allclose(whitened(features, whitening), features @ whitening, rtol=1e-4, atol=1e-5)


def test_a_changed_place_is_strange_and_a_moved_one_is_not() -> None:
    """A shift by one place finds its mean at a neighbour; a new value does not."""
    normality = learnt()
    as_taught: Floats = (normality.mean / np.diag(normality.whitening).astype(np.float32)).astype(np.float32)
    np.testing.assert_allclose(normality.strangeness(as_taught), 0, atol=1e-5)
    moved = np.roll(as_taught, 1, axis=1)
    assert np.abs(normality.strangeness(moved)[:, 1:]).max() < 1e-5
    as_taught[2, 3] += 9.0
    assert normality.strangeness(as_taught).argmax() == 2 * 8 + 3


def test_grain_all_over_is_forgiven_and_a_flaw_is_not() -> None:
    """A picture noisier everywhere scores as usual; one hot place stays hot; too much of everything stays strange."""
    usual = np.ones((20, 20), np.float32)
    np.testing.assert_allclose(calmed(usual * 1.5, 0.0, 0), 1.0)
    assert calmed(usual * 5, 0.0, 0).min() > 3
    usual[4, 4] = 6.0
    assert calmed(usual, 0.0, 0).max() == 6.0
    assert calmed(usual, 0.0, 5).max() == 1.0


def test_a_higher_score_is_rarer() -> None:
    """p-values fall with the score and stay within what was learnt."""
    values = [learnt().p_value(score) or 0.0 for score in (0.1, 0.5, 0.9, 1.5, 99.0)]
    assert values == sorted(values, reverse=True)
    assert (values[0], values[-1]) == pytest.approx((0.9, 0.001))


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    """Half precision of the mean is all that is lost."""
    written = learnt()
    save_normality(tmp_path / "n.npz", written)
    read = load_normality((tmp_path / "n.npz").read_bytes(), tmp_path / "n.npz")
    np.testing.assert_allclose(read.mean, written.mean, atol=2e-3)
    np.testing.assert_array_equal(read.whitening, written.whitening)


def test_arrays_that_are_none_are_refused(tmp_path: Path) -> None:
    """Nothing, words, a cut archive, an empty one and a lone array: the file is named."""
    save_normality(tmp_path / "whole.npz", learnt())
    np.save(tmp_path / "lone.npy", np.zeros(3))
    cut, lone = (tmp_path / "whole.npz").read_bytes()[:-40], (tmp_path / "lone.npy").read_bytes()
    for content in (b"", b"no archive", cut, b"PK\x05\x06" + b"\0" * 18, lone):
        with pytest.raises(BundleRejected, match=r"n\.npz"):
            load_normality(content, tmp_path / "n.npz")
