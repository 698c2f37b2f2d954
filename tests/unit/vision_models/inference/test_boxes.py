"""Laws of overlap, suppression and the count rule."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vision_models.inference.arrays import Floats
from vision_models.inference.boxes import CountRule, overlaps, suppressed

SIDE = st.floats(0, 300, width=32)
BOX = st.tuples(SIDE, SIDE, st.floats(1, 100, width=32), st.floats(1, 100, width=32))
BOXES = st.lists(BOX, min_size=1, max_size=25).map(
    lambda rows: np.array([[x, y, x + w, y + h] for x, y, w, h in rows], dtype=np.float32)
)


@given(BOXES)
def test_overlap_is_a_symmetric_share(boxes: Floats) -> None:
    """Within 0..1, the same both ways, and 1 with itself."""
    shares = overlaps(boxes, boxes)
    assert ((shares >= 0) & (shares <= 1 + 1e-5)).all()
    np.testing.assert_allclose(shares, shares.T, atol=1e-5)
    np.testing.assert_allclose(np.diag(shares), 1, atol=1e-3)


@given(BOXES, st.integers(0, 2**31), st.floats(0.2, 0.9))
def test_what_remains_does_not_overlap_more_than_allowed(boxes: Floats, seed: int, largest: float) -> None:
    """The best box stays, those that remain are apart, and each one removed overlaps a better one that stayed."""
    scores = np.random.default_rng(seed).random(len(boxes)).astype(np.float32)
    kept = suppressed(boxes, scores, largest, most=len(boxes))
    assert kept[0] == scores.argmax()
    shares = overlaps(boxes, boxes[kept])
    apart = shares[kept].copy()
    np.fill_diagonal(apart, 0)
    assert (apart <= largest).all()
    for index in set(range(len(boxes))) - set(kept.tolist()):
        better = scores[kept] >= scores[index]
        assert (shares[index][better] > largest).any()


@given(BOXES, st.integers(0, 2**31))
def test_a_lower_limit_never_counts_less(boxes: Floats, seed: int) -> None:
    """Lowering the base of the rule keeps everything that counted."""
    scores = np.random.default_rng(seed).random(len(boxes)).astype(np.float32)
    strict, lax = (CountRule(base, 0.3, 0.1, 0.8).counts(boxes, scores, 320.0 * 320.0) for base in (0.9, 0.7))
    assert (lax | ~strict).all()


def test_small_things_count_at_a_lower_score() -> None:
    """The same score counts for a small box and not for a large one."""
    boxes = np.array([[0, 0, 20, 20], [0, 0, 200, 200]], np.float32)
    rule = CountRule(base=0.85, slope=0.30, lowest=0.1, highest=0.8)
    assert rule.counts(boxes, np.array([0.4, 0.4], np.float32), 320.0 * 320.0).tolist() == [True, False]
