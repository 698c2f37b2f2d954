"""The count rule is fitted to what was held out."""

import numpy as np
import pytest

from vision_models.inference.detections import one_class
from vision_models.training.count_rule import Counted, fitted_limit, fitted_rule, group_weights


def counted(side_px: float, right_score: float, wrong_score: float, group: str) -> Counted:
    """Ten true things and five wrong ones of one size in a picture of 320x320."""
    boxes = np.tile(np.array([[0, 0, side_px, side_px]], np.float32), (15, 1))
    scores = np.array([right_score] * 10 + [wrong_score] * 5, np.float32)
    return Counted(one_class(boxes, scores), 320.0 * 320.0, true_count=10, group=group)


def test_the_rule_tells_right_from_wrong_at_both_sizes() -> None:
    """Large things need 0.6, small ones no more than 0.25: one limit for all would miscount one of them."""
    pictures = [counted(160, 0.75, 0.5, "large"), counted(20, 0.32, 0.14, "small")]
    rule = fitted_rule(pictures)
    for one in pictures:
        assert rule.counts(one.candidates.boxes_px, one.candidates.scores, one.picture_area_px).sum() == 10


def test_a_long_video_does_not_outweigh_a_short_visit() -> None:
    """Groups weigh the same, whatever they hold."""
    weights = group_weights([counted(20, 0.9, 0.1, "video")] * 9 + [counted(20, 0.9, 0.1, "visit")])
    assert weights[:9].sum() == weights[9:].sum()


def test_the_rule_serves_captures_alike() -> None:
    """Four frames of a video need a limit below 0.4, two visits one above it: the visits win, being two captures."""
    video = [counted(100, 0.35, 0.2, "video")] * 4
    visits = [counted(100, 0.9, 0.5, "first"), counted(100, 0.9, 0.5, "second")]
    rule = fitted_rule([*video, *visits])
    for one in visits:
        assert rule.counts(one.candidates.boxes_px, one.candidates.scores, one.picture_area_px).sum() == 10


def test_a_limit_from_a_few_frames_keeps_away_from_both_sides() -> None:
    """True things score 0.7, wrong ones 0.3: every limit between serves, and the one in the middle is taken."""
    assert fitted_limit([counted(40, 0.7, 0.3, "site")] * 5) == pytest.approx(0.5, abs=0.02)
