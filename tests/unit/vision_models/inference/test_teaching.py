"""Teaching from features alone: what is refused, what is named, what is remembered."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vision_models.errors import BundleRejected, TeachingRefused
from vision_models.inference.arrays import Floats
from vision_models.inference.manifest import InputSpec
from vision_models.inference.normality import load_normality, normality_bytes
from vision_models.inference.patch_memory import MOST_PATCHES, remembered
from vision_models.inference.session import Graph, graph_file
from vision_models.inference.teaching import Lesson, taught_from, teach, whitening_of

MEMORY = Lesson(InputSpec(64, 64, 114), is_aligned=False, kind="memory", dimensions=6, patches=300)
WEIGHTS = Path(__file__).parents[4] / "vision_models" / "weights"


def features_of_good(count: int, seed: int = 4) -> Floats:
    """Parts (n, 8, 8, 10) with a pattern of their own and a little noise."""
    rng = np.random.default_rng(seed)
    pattern = np.random.default_rng(1).normal(size=(8, 8, 10))
    return (pattern + 0.3 * rng.normal(size=(count, 8, 8, 10))).astype(np.float32)


@pytest.mark.parametrize("kind", ["places", "memory"])
def test_a_flaw_among_the_teaching_pictures_is_named(kind: str) -> None:
    """The picture is told by its number, and the limit is as without it."""
    features = features_of_good(20)
    lesson = replace(MEMORY, kind="memory" if kind == "memory" else "places")
    clean = taught_from(features, lesson)
    spoiled = np.concatenate([features, features_of_good(1, 9)])
    spoiled[20, 2:5, 2:5] += 9.0
    taught = taught_from(spoiled, lesson)
    assert (clean.suspects, taught.suspects) == ((), (20,))
    assert taught.verdicts.score_limit == pytest.approx(clean.verdicts.score_limit, rel=0.25)


def test_three_pictures_are_too_few() -> None:
    """Nothing can be promised from them."""
    graph: Graph = graph_file(WEIGHTS / "defects" / "taps.onnx")
    with pytest.raises(TeachingRefused, match="3 good pictures are too few"):
        teach(graph, [np.zeros((64, 64, 3), np.uint8)] * 3, MEMORY)


def test_a_mixture_of_things_is_no_lesson() -> None:
    """A third of the pictures unlike the others: which ones is told."""
    features = features_of_good(12)
    rng = np.random.default_rng(8)
    for index in (2, 5, 9):
        features[index] += rng.normal(size=(8, 8, 10)).astype(np.float32) * 6
    with pytest.raises(TeachingRefused, match="3, 6, 10"):
        taught_from(features, MEMORY)


def test_the_memory_keeps_its_budget_however_many_are_taught() -> None:
    """A wish for more places than fit is cut."""
    many = np.random.default_rng(2).normal(size=(80, 10, 10, 4)).astype(np.float32)
    memory = remembered(many, 3, 9000, np.random.default_rng(0))
    assert memory.patches.shape == (MOST_PATCHES, 3)


def test_distances_are_those_to_the_nearest_place() -> None:
    """Against the plain computation."""
    rng = np.random.default_rng(3)
    memory = remembered(features_of_good(5), 6, 50, rng)
    one = features_of_good(1, 7)[0]
    places = (one.reshape(-1, 10) - memory.mean) @ memory.directions
    plain = np.sqrt(((places[:, None] - memory.patches) ** 2).mean(axis=2).min(axis=1)).reshape(8, 8)
    np.testing.assert_allclose(memory.distances(one), plain, rtol=1e-3, atol=1e-3)


def test_what_was_taught_is_read_again_and_damage_is_refused() -> None:
    """The memory survives; a NaN in it does not."""
    taught = taught_from(features_of_good(12), MEMORY).normality
    read = load_normality(normality_bytes(replace(taught, backbone="ab12")), Path("n.npz"))
    strange = read.strangeness(features_of_good(1, 6)[0])
    np.testing.assert_allclose(strange, taught.strangeness(features_of_good(1, 6)[0]), rtol=0.02)
    assert read.backbone == "ab12"
    assert taught.memory is not None
    patches = taught.memory.patches.copy()
    patches[3, 1] = np.nan
    damaged = replace(taught, memory=replace(taught.memory, patches=patches))
    with pytest.raises(BundleRejected, match="memory_patches holds what is no measure"):
        load_normality(normality_bytes(damaged), Path("n.npz"))


def test_whitening_spreads_deviations_alike() -> None:
    """Channels two hundred times apart in spread are within twenty afterwards: the weakest stays a little weaker."""
    rng = np.random.default_rng(6)
    features = rng.normal(size=(40, 6, 6, 3)).astype(np.float32) * np.array([0.1, 1.0, 20.0], np.float32)
    white = (features - features.mean(axis=0)) @ whitening_of(features)
    spreads = white.reshape(-1, 3).std(axis=0)
    assert spreads.max() / spreads.min() < 20
