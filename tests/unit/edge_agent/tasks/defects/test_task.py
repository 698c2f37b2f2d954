"""From a part to a message, with an inspector that measures the darkest spot."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_agent.errors import SampleRefused, SnapshotRejected
from edge_agent.sample import Frame
from edge_agent.task import Finding, Picture
from edge_agent.tasks.defects.lines import Lines, lines
from edge_agent.tasks.defects.settings import Settings
from edge_agent.tasks.defects.task import DefectsTask
from edge_agent.tasks.defects.verdict import defect, verdict
from protocols.messages.defect import Defect
from vision_models.errors import PictureUnusable
from vision_models.inference.detections import Inspection, no_detections, one_class

Pixels = NDArray[np.uint8]
STARTED_AT = datetime(2026, 11, 24, 8, tzinfo=UTC)


class DarkSpots:
    """Score: share of pure black in the picture, times a thousand."""

    model_id = "dark-spots"

    def __init__(self, taught: Sequence[float] = ()) -> None:
        self.taught_scores = np.array(taught, dtype=np.float32)

    def limit_for(self, false_alarm_rate: float) -> float | None:
        return 2.0 if false_alarm_rate < 0.02 else 0.5

    def inspect(self, image_bgr: Pixels) -> Inspection:
        dark = (image_bgr < 5).all(axis=2)
        if image_bgr.max() < 150:
            raise PictureUnusable("no whole part")
        places = np.argwhere(dark)
        boxes = [[*places.min(axis=0)[::-1], *(places.max(axis=0)[::-1] + 1)]] if len(places) else []
        found = one_class(np.array(boxes, dtype=np.float32), np.full(1, 0.9, dtype=np.float32)) if boxes else no_detections()
        return Inspection(1000 * float(dark.mean()), 0.01, found, np.asarray(dark, dtype=np.float32))


def picture(part: bool, hole_px: int = 0) -> Pixels:
    """A belt (240, 320, 3), with or without a plate that may have a square hole."""
    pixels = np.full((240, 320, 3), 44, dtype=np.uint8)
    pixels[:, ::4], pixels[:12], pixels[-12:] = 56, 100, 100
    if part:
        pixels[60:180, 80:240] = 190
        pixels[100 : 100 + hole_px, 120 : 120 + hole_px] = 0
    return pixels


def heard(task: DefectsTask, pictures: Sequence[Pixels]) -> list[Finding]:
    samples = [
        Frame("cam-4", STARTED_AT + timedelta(seconds=0.2 * tick), 200 * tick, "ntp", pixels)
        for tick, pixels in enumerate(pictures)
    ]
    return [finding for sample in samples for finding in task.observe(sample)]


def cycle(hole_px: int) -> list[Pixels]:
    return [picture(part=False)] * 4 + [picture(part=True, hole_px=hole_px)] * 10


def test_a_good_part_is_not_worth_a_word_and_a_bad_one_exactly_one() -> None:
    """Three parts, the middle one with a hole."""
    findings = heard(DefectsTask(Settings(line="line-1"), DarkSpots()), cycle(0) + cycle(20) + cycle(0))
    assert len(findings) == 1
    message, evidence = findings[0].data, findings[0].evidence
    assert isinstance(message, Defect)
    assert isinstance(evidence, Picture)
    assert (message.camera, message.line, message.verdict, message.threshold) == ("cam-4", "line-1", "fail", 1.0)
    assert message.regions[0].box == pytest.approx((120 / 320, 100 / 240, 140 / 320, 120 / 240), abs=1e-4)
    assert findings[0].urgent


def test_just_below_the_threshold_a_person_looks() -> None:
    """A score of 0.94 is neither."""
    settings = Settings(gate="every_frame", threshold=1.35, review_share=0.1)
    findings = heard(DefectsTask(settings, DarkSpots()), [picture(part=True, hole_px=10)])
    assert [finding.data.verdict for finding in findings if isinstance(finding.data, Defect)] == ["review"]


def test_every_picture_of_a_folder_is_a_part() -> None:
    """No belt, no motion: three photographs, two verdicts."""
    task = DefectsTask(Settings(gate="every_frame"), DarkSpots())
    holes = [picture(part=True, hole_px=hole) for hole in (20, 0, 20)]
    told = [finding.data for finding in heard(task, holes)]
    assert [defect.inspected for defect in told if isinstance(defect, Defect)] == [1, 2]  # the good one counts with the next


def test_parts_that_passed_are_counted_across_a_restart() -> None:
    """A supplier's share of bad parts needs the good ones too."""
    before = DefectsTask(Settings(gate="every_frame"), DarkSpots())
    heard(before, [picture(part=True), picture(part=True)])
    task = DefectsTask(Settings(gate="every_frame"), DarkSpots())
    task.restore(before.snapshot())
    (finding,) = heard(task, [picture(part=True, hole_px=20)])
    assert isinstance(finding.data, Defect)
    assert finding.data.inspected == 3


@pytest.mark.parametrize("damage", [{"empty": "AAAA"}, {"before": "AAAA"}])
def test_a_state_with_a_view_of_another_size_is_rejected(damage: dict[str, str]) -> None:
    """It reads well and could be compared with no frame: better to learn the empty belt again."""
    with pytest.raises(SnapshotRejected, match="another size"):
        DefectsTask(Settings(), DarkSpots()).restore(msgspec.json.encode({"version": 1, "gate": damage}))


def test_a_picture_without_a_whole_part_is_refused() -> None:
    """It is counted, and it is no good part either."""
    with pytest.raises(SampleRefused):
        heard(DefectsTask(Settings(gate="every_frame"), DarkSpots()), [picture(part=False)])


def test_only_the_region_is_looked_at() -> None:
    """Outside of it may be anything."""
    settings = Settings(gate="every_frame", roi=(0.5, 0.0, 0.5, 1.0))
    assert heard(DefectsTask(settings, DarkSpots()), [picture(part=True, hole_px=20)]) == []


def test_more_regions_than_a_message_takes_are_cut() -> None:
    """A part that is all spots is one message, not one that is too large to be read."""
    boxes = np.array([[x, 0, x + 1, 1] for x in range(60)], dtype=np.float32)
    spotted = Inspection(
        2.0, 0.01, one_class(boxes, np.full(60, 0.9, dtype=np.float32)), np.zeros((8, 64), dtype=np.float32)
    )
    message = defect(spotted, Settings(), Lines(1.0, 0.97), "cam-4", (64, 8))
    assert message is not None
    assert len(message.regions) == 50


@given(st.floats(0, 50), st.floats(0.01, 50), st.floats(0, 0.9), st.floats(0, 5))
def test_a_stranger_part_never_gets_a_milder_verdict(score: float, threshold: float, share: float, more: float) -> None:
    """Pass, review, fail in this order."""
    order = ["pass", "review", "fail"]
    drawn = lines(Settings(threshold=threshold, review_share=share), DarkSpots())
    assert order.index(verdict(score + more, drawn)) >= order.index(verdict(score, drawn))


TAUGHT = tuple(np.exp(np.random.default_rng(3).normal(-0.4, 0.15, 30)).tolist())


def test_a_chosen_false_alarm_rate_goes_before_the_threshold() -> None:
    """A laxer rate fails more parts; a bundle that knows no scores falls back on its table."""
    drawn = {rate: lines(Settings(false_alarm_rate=rate, threshold=9.0), DarkSpots(TAUGHT)).fail for rate in (0.001, 0.05)}
    assert 0.5 < drawn[0.05] < drawn[0.001] < 2.0
    assert lines(Settings(false_alarm_rate=0.01), DarkSpots()).fail == 2.0
    assert lines(Settings(threshold=1.2), DarkSpots(TAUGHT)).fail == 1.2


def test_what_people_said_moves_the_limit_both_ways() -> None:
    """Answers of Review are settings: a confirmed good part lifts it, a rejected one that passed lowers it."""
    plain = lines(Settings(false_alarm_rate=0.02), DarkSpots(TAUGHT)).fail
    good = Settings(false_alarm_rate=0.02, confirmed_good=(plain * 1.1, plain * 1.2))
    missed = Settings(false_alarm_rate=0.02, rejected=(plain * 0.98,))
    assert lines(missed, DarkSpots(TAUGHT)).fail < plain < lines(good, DarkSpots(TAUGHT)).fail


def test_costs_size_the_review_band() -> None:
    """The dearer a miss, the more parts a person looks at."""
    bands = [
        lines(Settings(false_alarm_rate=0.02, costs=(miss, 5.0, 0.5)), DarkSpots(TAUGHT)).review for miss in (20.0, 500.0)
    ]
    assert bands[1] < bands[0]
