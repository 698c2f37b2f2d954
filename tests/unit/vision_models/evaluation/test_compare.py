"""A new model must beat the old one on the same frames; curves and worst frames as files."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.render.picture_set import shelf_pictures, write_shelves
from vision_models.errors import DataMissing
from vision_models.evaluation.compare import compared, worded
from vision_models.evaluation.detection import Matched, precision_of
from vision_models.evaluation.evaluate import Evaluation, evaluate
from vision_models.evaluation.plots import precision_recall, reliability, write_plots

WEIGHTS = Path(__file__).parents[4] / "vision_models" / "weights"


def judged(model: str, errors: list[float], frames: str = "f" * 64) -> Evaluation:
    """A model with these losses at frames 0, 1, 2 …"""
    losses = {"count_error": {f"{number}.jpg": error for number, error in enumerate(errors)}}
    return Evaluation("shelf_count", model, len(errors), frames, {}, losses)


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ([1.0, 2.0] * 15, [0.0, 1.0] * 15, "better"),
        ([0.0, 1.0] * 15, [1.0, 2.0] * 15, "worse"),
        ([1.0, 2.0] * 15, [1.0, 2.0] * 15, "not_shown"),
        ([0.0] * 29 + [1.0], [0.0] * 30, "not_shown"),
    ],
)
def test_only_what_is_surely_better_wins(old: list[float], new: list[float], verdict: str) -> None:
    """One frame of thirty is chance; the words say what to do."""
    found = compared(judged("old", old), judged("new", new))
    assert found.verdict == verdict
    assert {"better": "roll it out", "worse": "keep the old", "not_shown": "label more"}[verdict] in worded(found)[-1]


def test_models_that_saw_other_frames_are_not_compared() -> None:
    """The fingerprints differ."""
    with pytest.raises(DataMissing, match="same folder"):
        compared(judged("old", [1.0]), judged("new", [1.0], "e" * 64))


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40), st.integers(0, 5))
def test_the_curves_stay_in_their_box_and_recall_never_falls(found: list[tuple[float, bool]], missed: int) -> None:
    """Whatever the scores; the area below the curve's envelope is the average precision of the table."""
    scores = np.array([score for score, _ in found], dtype=np.float32)
    hits = np.array([hit for _, hit in found], dtype=np.float32)
    seen = [Matched(scores, hits, int(hits.sum()) + missed)]
    curve = precision_recall(seen)
    recalls = [recall for recall, _ in curve]
    assert recalls == sorted(recalls)
    assert all(0 <= value <= 1 for point in (*curve, *reliability(seen)) for value in point)
    steps = np.diff([0.0, *recalls])
    heights = [max(precision for _, precision in curve[place:]) for place in range(len(curve))]
    assert float(np.sum(steps * heights)) == pytest.approx(precision_of(seen), abs=1e-5)


def test_worst_frames_and_curves_are_written(tmp_path: Path) -> None:
    """From a real model on rendered shelves, one of them with a wrong label."""
    write_shelves(tmp_path / "frames", shelf_pictures(4_000_100, 1), "s")
    (tmp_path / "frames" / "labels" / "s-00001.txt").write_text("0 0.5 0.5 0.1 0.1\n" * 60)
    seen: list[Matched] = []
    found = evaluate(WEIGHTS / "shelf", tmp_path / "frames", heard=seen.append)
    assert len(seen) == found.frames
    written = {path.name for path in write_plots(tmp_path / "plots", found, seen, tmp_path / "frames")}
    assert written == {"precision-recall.svg", "reliability.svg", "worst.jpg"}
    assert "<polyline" in (tmp_path / "plots" / "reliability.svg").read_text()
