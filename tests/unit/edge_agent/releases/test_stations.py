"""What a station was taught survives power cuts and damage: the old lesson counts until the new one does."""

from pathlib import Path

import pytest

from edge_agent.releases.stations import Stations
from edge_agent.task import SiteLesson


@pytest.fixture
def stations(tmp_path: Path) -> Stations:
    """A device's stations, none of them taught."""
    return Stations(tmp_path / "stations")


def test_the_newest_lesson_counts(stations: Stations) -> None:
    """Each station has its own."""
    assert stations.lesson("cam-1") == SiteLesson()
    for content in (b"one", b"two", b"three"):
        stations.keep("cam-1", content)
        assert stations.lesson("cam-1") == SiteLesson(content)
    assert stations.lesson("cam-2") == SiteLesson()


@pytest.mark.parametrize("torn", [b"", b"tw", b"two"])
def test_a_power_cut_before_the_switch_leaves_the_old_one(stations: Stations, torn: bytes) -> None:
    """Whatever of the new one is on the disk."""
    stations.keep("cam-1", b"one")
    kept = stations.write("cam-1", b"two")
    (stations.folder / "cam-1" / f"{kept.slot}.lesson").write_bytes(torn)
    assert Stations(stations.folder).lesson("cam-1") == SiteLesson(b"one")
    stations.keep("cam-1", b"two")
    assert stations.lesson("cam-1") == SiteLesson(b"two")


def test_a_first_lesson_that_was_not_switched_to_is_none(stations: Stations) -> None:
    """The model's own statistics count."""
    stations.write("cam-1", b"one")
    assert stations.lesson("cam-1") == SiteLesson()


def test_a_damaged_lesson_gives_way_and_is_told(stations: Stations) -> None:
    """To the one before it; without one, to the model's own statistics."""
    stations.keep("cam-1", b"one")
    stations.keep("cam-1", b"two")
    (stations.folder / "cam-1" / "b.lesson").write_bytes(b"rot")
    before = stations.lesson("cam-1")
    assert (before.content, "the one before it is used" in (before.fault or "")) == (b"one", True)
    (stations.folder / "cam-1" / "a.lesson").unlink()
    none = stations.lesson("cam-1")
    assert (none.content, "the model's own is used" in (none.fault or "")) == (None, True)
    (stations.folder / "cam-1" / "current").write_bytes(b"{")
    assert "cannot be read" in (stations.lesson("cam-1").fault or "")
    stations.keep("cam-1", b"three")
    assert stations.lesson("cam-1") == SiteLesson(b"three")


def test_a_lesson_can_be_forgotten(stations: Stations) -> None:
    """Once."""
    stations.keep("cam-1", b"one")
    assert [stations.forget("cam-1"), stations.forget("cam-1")] == [True, False]
    assert stations.lesson("cam-1") == SiteLesson()
