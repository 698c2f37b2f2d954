"""What is usual in one neighbourhood is strange in another, and many pictures say which."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vision_models.inference.arrays import Floats
from vision_models.inference.manifest import InputSpec
from vision_models.inference.neighbourhoods import learnt_neighbourhoods
from vision_models.inference.normality import load_normality, normality_bytes
from vision_models.inference.teaching import Lesson, taught_from

BY_COUNT = Lesson(InputSpec(128, 128, 114), is_aligned=False, kind="by_count", dimensions=6, patches=300)


def surfaces(count: int, seed: int) -> Floats:
    """Surfaces (n, 16, 16, 10): the left half varies in the first channel, the right half in the second."""
    features = 0.1 * np.random.default_rng(seed).normal(size=(count, 16, 16, 10))
    features[:, :, :8, 0] *= 20
    features[:, :, 8:, 1] *= 20
    return features.astype(np.float32)


def test_the_same_deviation_is_usual_left_and_strange_right() -> None:
    """Two units in the first channel."""
    known = learnt_neighbourhoods(surfaces(300, 1))
    one = np.zeros((16, 16, 10), np.float32)
    one[..., 0] = 2.0
    strange = known.distances(one)
    assert strange[:, 8:].min() > 1.5 * strange[:, :8].max()


@pytest.mark.parametrize("count", [9, 10])
def test_as_many_pictures_as_channels_are_enough_for_covariances(count: int) -> None:
    """With one fewer the memory is taken; the limit lies above what is usual either way."""
    taught = taught_from(surfaces(count, 2), BY_COUNT)
    assert (taught.normality.neighbourhoods is None, taught.normality.memory is None) == (count < 10, count >= 10)
    assert taught.left_out_scores.mean() < 1


def test_a_picture_with_a_flaw_is_named_and_does_not_widen_the_limit() -> None:
    """By neighbourhoods too."""
    features = surfaces(30, 3)
    spoiled = np.concatenate([features, surfaces(1, 4)])
    spoiled[30, 4:7, 4:7] += 9.0
    clean, taught = taught_from(features, BY_COUNT), taught_from(spoiled, BY_COUNT)
    assert taught.suspects == (30,)
    assert taught.verdicts.score_limit == pytest.approx(clean.verdicts.score_limit, rel=0.25)


def test_neighbourhoods_survive_their_file() -> None:
    """Half precision is enough."""
    taught = taught_from(surfaces(12, 5), replace(BY_COUNT, kind="neighbourhoods")).normality
    read = load_normality(normality_bytes(taught), Path("n.npz"))
    one = surfaces(1, 6)[0]
    np.testing.assert_allclose(read.strangeness(one), taught.strangeness(one), rtol=0.03)
