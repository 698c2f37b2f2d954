"""Counting what a camera sees, with a detector that finds bright blocks on a dark wall."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.errors import SampleRefused
from edge_agent.sample import Frame
from edge_agent.task import Finding, Picture
from edge_agent.tasks.shelf_count.settings import Region, Settings
from edge_agent.tasks.shelf_count.task import ShelfCountTask
from protocols.messages.shelf_count import ShelfCount
from vision_models.inference.detections import Detections, one_class

Pixels = NDArray[np.uint8]
STARTED_AT = datetime(2026, 11, 24, 8, tzinfo=UTC)


class BrightBlocks:
    """Connected bright patches: as sure as a real detector never is. Counts how often it was asked."""

    model_id = "bright-blocks"

    def __init__(self) -> None:
        self.asked = 0

    def detect(self, image_bgr: Pixels) -> Detections:
        self.asked += 1
        grey = cv2.cvtColor(image_bgr, cv2.COLOR_BGR2GRAY)
        count, _, stats, _ = cv2.connectedComponentsWithStats((grey > 120).astype(np.uint8))
        boxes = [[x, y, x + w, y + h] for x, y, w, h, _ in stats[1:count].tolist()]
        return one_class(np.array(boxes, dtype=np.float32).reshape(-1, 4), np.full(len(boxes), 0.9, dtype=np.float32))


def wall(left: int, right: int = 0) -> Pixels:
    """A wall (360, 640, 3) with so many blocks in its left and right half."""
    pixels = np.full((360, 640, 3), 60, dtype=np.uint8)
    pixels[:, ::16] = 30
    for start, blocks in ((10, left), (330, right)):
        for place in range(blocks):
            x, y = start + 60 * (place % 5), 20 + 110 * (place // 5)
            pixels[y : y + 90, x : x + 48] = 200
    return pixels


def frames(pictures: Sequence[Pixels], first_s: float = 0, step_s: float = 1) -> list[Frame]:
    moments = [first_s + number * step_s for number in range(len(pictures))]
    return [
        Frame("cam-1", STARTED_AT + timedelta(seconds=moment), int(moment * 1000), "ntp", pixels)
        for moment, pixels in zip(moments, pictures, strict=True)
    ]


LEFT = Region(location="a-01", sku="tea", roi=(0, 0, 0.5, 1), capacity=12)
RIGHT = Region(location="a-02", sku="rice", roi=(0.5, 0, 0.5, 1), capacity=10, depth=2)
SHELVES = Settings(regions=(LEFT, RIGHT), frames=3, interval_s=60)


def counter(settings: Settings = SHELVES) -> tuple[ShelfCountTask, BrightBlocks]:
    detector = BrightBlocks()
    return ShelfCountTask(settings, "cam-1", detector), detector


def heard(task: ShelfCountTask, samples: Sequence[Frame]) -> list[Finding]:
    return [finding for sample in samples for finding in task.observe(sample)]


def told(findings: Sequence[Finding]) -> list[tuple[str, int, int]]:
    counts = [finding.data for finding in findings if isinstance(finding.data, ShelfCount)]
    return [(count.location, count.facings, count.units) for count in counts]


def test_each_shelf_is_counted_in_its_own_region() -> None:
    """Facings from the picture, units by the depth of the shelf."""
    task, _ = counter()
    assert told(heard(task, frames([wall(7, 4)] * 3))) == [("a-01", 7, 7), ("a-02", 4, 8)]


def test_a_sale_is_told_as_soon_as_most_looks_agree() -> None:
    """Two of three looks, and only the shelf that changed."""
    task, _ = counter()
    heard(task, frames([wall(7, 4)] * 3))
    assert told(heard(task, frames([wall(6, 4)], first_s=3))) == []
    assert told(heard(task, frames([wall(6, 4)], first_s=4))) == [("a-01", 6, 6)]


def test_an_unchanged_shelf_is_told_every_interval_with_the_same_picture() -> None:
    """The same bytes have the same hash, so the picture is stored and sent once."""
    task, _ = counter()
    findings = heard(task, frames([wall(7, 4)] * 125))
    assert told(findings) == [("a-01", 7, 7), ("a-02", 4, 8)] * 3
    assert findings[2].evidence == findings[4].evidence


def test_a_still_scene_is_not_looked_at_for_ever() -> None:
    """A Pi has better things to do than to count the same cartons once a second."""
    task, detector = counter()
    heard(task, frames([wall(7, 4)] * 100))
    assert detector.asked <= 2 * 4


def test_the_picture_shows_the_count_and_only_the_region() -> None:
    """What leaves the device is the shelf, with as many boxes as facings; not the person in front of it."""
    task, _ = counter()
    findings = heard(task, frames([wall(7, 4), wall(7, 4), wall(9, 4)]))
    message, evidence = findings[0].data, findings[0].evidence
    assert isinstance(message, ShelfCount)
    assert isinstance(evidence, Picture)
    assert message.facings == len(message.boxes) == 7
    shown = cv2.imdecode(np.frombuffer(evidence.jpeg, dtype=np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert shown.shape == (360, 320, 3)
    assert (message.units_low, message.units_high) == (7, 9)
    assert message.confidence == pytest.approx(0.9 * 2 / 3, abs=1e-3)


def test_frames_that_come_too_fast_are_passed_over() -> None:
    """Ten frames a second make one look a second."""
    task, detector = counter()
    heard(task, frames([wall(7, 4), wall(6, 4)] * 10, step_s=0.1))
    assert detector.asked == 2 * 2


def test_without_regions_every_picture_is_a_shelf_of_its_own() -> None:
    """A folder of photographs: one count each, under the source's name."""
    task, _ = counter(Settings())
    findings = heard(task, frames([wall(7), wall(7), wall(3)], step_s=0))
    assert told(findings) == [("cam-1", 7, 7), ("cam-1", 7, 7), ("cam-1", 3, 3)]
    assert all(isinstance(finding.data, ShelfCount) and finding.data.sku == "unknown-carton" for finding in findings)


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (np.full((480, 640, 3), 4, dtype=np.uint8), "dark"),
        (np.full((480, 640, 3), 90, dtype=np.uint8), "covered"),
        (np.zeros((2, 2, 3), dtype=np.uint8), "unusable"),
        (cv2.GaussianBlur(wall(7, 4), (0, 0), 25).astype(np.uint8), "blurred"),
    ],
)
def test_a_bad_frame_is_refused_by_name_and_counts_for_nothing(pixels: Pixels, reason: str) -> None:
    """A covered lens is not an empty shelf."""
    task, detector = counter()
    with pytest.raises(SampleRefused) as refused:
        task.observe(frames([pixels])[0])
    assert refused.value.reason == reason
    assert detector.asked == 0


def test_a_restored_counter_keeps_what_it_told() -> None:
    """After a restart an unchanged shelf is not told as news, and a removed shelf is forgotten."""
    task, _ = counter()
    heard(task, frames([wall(7, 4)] * 3))
    again, _ = counter()
    again.restore(task.snapshot())
    assert told(heard(again, frames([wall(7, 4)] * 5, first_s=3))) == []
    other, _ = counter(Settings(regions=(RIGHT,), frames=3))
    other.restore(task.snapshot())
    assert told(heard(other, frames([wall(7, 3)] * 5, first_s=3))) == [("a-02", 3, 6)]
