"""What calls somebody: a shelf that is out, low or not the one of its planogram, told once and only when looks agree."""

from collections.abc import Sequence

import msgspec
import pytest

from edge_agent.sample import Frame
from edge_agent.task import Finding
from edge_agent.tasks.shelf_count.settings import Facing, Region, Settings
from edge_agent.tasks.shelf_count.task import ShelfCountTask
from edge_agent.thumbnail import Pixels
from protocols.messages.shelf_count import ShelfCount
from tests.unit.edge_agent.tasks.shelf_count.test_task import BrightBlocks, frames, heard, wall

PLACES = tuple(
    Facing(box=((10 + 60 * n) / 320, (20 + 110 * row) / 360, (58 + 60 * n) / 320, (110 + 110 * row) / 360))
    for row in range(2)
    for n in range(5)
)
SHELF = Region(location="a-01", sku="tea", roi=(0, 0, 0.5, 1), capacity=10, low=3, facings=PLACES)
SETTINGS = Settings(regions=(SHELF,), frames=3, confirm=3, interval_s=600)


def task(settings: Settings = SETTINGS, sku: str | None = None) -> ShelfCountTask:
    return ShelfCountTask(settings, "cam-1", BrightBlocks(), None if sku is None else lambda _crop: sku)


def counts(findings: Sequence[Finding]) -> list[ShelfCount]:
    return [finding.data for finding in findings if isinstance(finding.data, ShelfCount)]


def states(findings: Sequence[Finding]) -> list[tuple[str, bool]]:
    return [(count.state, finding.urgent) for count, finding in zip(counts(findings), findings, strict=True)]


def walk(*shown: tuple[int, int]) -> list[Frame]:
    """A shelf with so many units for so many looks."""
    return frames([wall(units, 4) for units, looks in shown for _ in range(looks)])


def test_out_is_told_urgently_after_three_empty_looks_and_once() -> None:
    """Counting down is routine; empty calls somebody, and goes on being told as routine."""
    found = heard(task(), walk((5, 3), (0, 10)))
    assert [(count.units, count.state) for count in counts(found)] == [(5, "ok"), (0, "ok"), (0, "out")]
    assert [finding.urgent for finding in found] == [False, False, True]


def test_one_empty_look_calls_nobody() -> None:
    """A back in front of the shelf looks empty."""
    assert states(heard(task(), walk((5, 3), (0, 1), (5, 4)))) == [("ok", False)]


def test_low_is_told_at_the_limit_and_its_end_is_news_too() -> None:
    """Three of ten is low, five is not: refilled without anybody asking."""
    found = heard(task(), walk((5, 3), (3, 5), (5, 5)))
    assert states(found)[-1] == ("ok", False)
    assert ("low", True) in states(found)
    assert [count.change for count in counts(found) if count.change] == [-2, 2]


def test_gaps_are_the_facings_without_a_box() -> None:
    """Five of ten: the lower row is empty."""
    (count,) = counts(heard(task(), walk((5, 3))))
    assert count.gaps == [facing.box for facing in PLACES[5:]]
    assert count.misplaced == []


def test_another_product_is_told_as_misplaced_and_a_whole_shelf_of_it_as_a_mismatch() -> None:
    """Rice at every facing of tea: not eight mistakes of customers but the wrong planogram."""
    (count,) = counts(heard(task(sku="rice"), walk((5, 3))))
    assert {(one.sku, one.expected) for one in count.misplaced} == {("rice", "tea")}
    assert (count.state, count.mismatch) == ("mismatch", "products")


def test_a_planogram_of_another_layout_is_one_urgent_finding() -> None:
    """Not silence, and not a finding a second."""
    elsewhere = tuple(msgspec.structs.replace(one, box=(one.box[0], 0.85, one.box[2], 0.99)) for one in PLACES[:5])
    wrong = msgspec.structs.replace(SETTINGS, regions=(msgspec.structs.replace(SHELF, facings=elsewhere),))
    found = heard(task(wrong), walk((8, 30)))
    assert [(count.state, count.mismatch) for count in counts(found)] == [("mismatch", "layout")]
    assert states(found) == [("mismatch", True)]


def test_a_look_at_somebody_walking_past_counts_for_nothing() -> None:
    """Half of the shelf is hidden by a coat that moves on: not a single look is taken of it."""
    passing: list[Pixels] = []
    for step in range(6):
        pixels = wall(10)
        pixels[:, 50 * step : 50 * step + 170] = (20, 20, 20) if step % 2 else (190, 190, 190)
        passing.append(pixels)
    found = heard(task(), frames([wall(10)] * 3 + passing + [wall(10)] * 5))
    assert [count.units for count in counts(found)] == [10]


def test_what_the_veil_follows_in_front_of_a_shelf_is_no_look_at_it() -> None:
    """Somebody stands there for an hour: the count before stands, and the shelf is not out."""
    still = [veiled(frame) for frame in frames([wall(0, 4)] * 20, first_s=3)]
    assert states(heard(task(), [*walk((5, 3)), *still])) == [("ok", False)]


def veiled(frame: Frame) -> Frame:
    return Frame(
        frame.source_id, frame.taken_at, frame.monotonic_ms, frame.clock, frame.pixels, veil=((0.1, 0.0, 0.3, 1.0),)
    )


def test_a_restart_does_not_call_twice() -> None:
    """What was told stands in the state that is saved."""
    first = task()
    heard(first, walk((5, 3), (0, 6)))
    again = task()
    again.restore(first.snapshot())
    assert heard(again, frames([wall(0, 4)] * 10, first_s=9)) == []


@pytest.mark.parametrize("roi", [(0.5, 0.0, 0.6, 1.0), (0.0, 0.2, 1.0, 0.9)])
def test_a_region_beyond_the_frame_is_refused_by_name(roi: tuple[float, float, float, float]) -> None:
    """It would be counted in part and believed."""
    with pytest.raises(msgspec.ValidationError, match="a-01 reaches beyond the frame"):
        msgspec.convert({"location": "a-01", "sku": "tea", "roi": roi}, Region)
