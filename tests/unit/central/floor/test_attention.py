"""What comes into the inbox, from a house in which things go wrong."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from central.deciding import review
from central.floor import alarm_book
from central.floor.alarm_groups import Group
from central.floor.alarms import Acknowledged, Shelved
from central.floor.attention import attention
from central.floor.devices import SILENT_AFTER, all_devices
from central.floor.history import anomalies, channels, counts_since, figures_since, movements_since
from central.floor.ranking import Item
from central.floor.shelves import SEEN_LATELY, all_shelves, shelf_at
from central.store import decisions, devices
from central.store.devices import Ledger
from central.store.engine import reading, writing
from protocols import codec
from protocols.messages.device import Health, OutboxHealth, SourceHealth
from tests import makers
from tests.journeys.console_house import SITE, ConsoleHouse, copy_of, furnished

NOW = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)


class Clock:
    """Time that the test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleHouse]:
    """A house at half past two that its tests do not change."""
    house = furnished(tmp_path_factory.mktemp("house"), Clock())
    yield house
    house.engine.dispose()


@pytest.fixture
def own(house: ConsoleHouse, tmp_path: Path) -> Iterator[ConsoleHouse]:
    """The same house, of this test's own."""
    own = copy_of(house, tmp_path)
    yield own
    own.engine.dispose()


def _inbox(house: ConsoleHouse, at: datetime = NOW) -> list[Item]:
    with reading(house.engine) as conn:
        return attention(conn, SITE, at)


def _says(house: ConsoleHouse, device: str, **changes: object) -> None:
    spool = OutboxHealth(count=0, bytes=0, oldest_age_s=0, last_sequence=40, set_aside=int(str(changes.pop("set_aside", 0))))
    fields: dict[str, object] = {"boot": "b3f1", "at": NOW, "outbox": spool, "clock": "ntp", "sources": [], **changes}
    with writing(house.engine) as conn:
        devices.heard(conn, device, NOW, online=True, health=json.loads(codec.encode(Health(**fields))))  # type: ignore[arg-type]


def test_everything_that_needs_a_person_is_there_once(house: ConsoleHouse) -> None:
    """The alarm first, then differences, proposals and the thing in quarantine; no row twice."""
    items = _inbox(house)
    assert (items[0].kind, items[0].key, items[0].priority) == ("machine", "conveyor-1", 1)
    assert {item.key for item in items if item.kind == "difference"} == {"b-04", "a-03", "c-02"}
    assert {item.kind for item in items} == {"machine", "difference", "proposal", "set_aside"}
    assert len({item.target for item in items}) == len(items)


def test_a_device_that_falls_silent_is_one_row(own: ConsoleHouse) -> None:
    """Its alarm says so, and nothing else of that device: what it last said of its cameras is old."""
    lost = SourceHealth(id="cam-2", state="lost", samples=9, age_s=90.0, message="no frame; check its power")
    _says(own, "eye-01", sources=[lost], set_aside=2)
    own.falls_silent("eye-01")
    of_device = [item for item in _inbox(own, NOW + SILENT_AFTER + timedelta(seconds=1)) if "eye-01" in item.key]
    assert [(item.kind, item.key, item.since) for item in of_device] == [("device", "eye-01", NOW)]


def test_alarms_of_one_machine_are_one_row_that_names_the_first(own: ConsoleHouse) -> None:
    """What came within a minute stands in its order; what a person saw is no longer what the row leads with."""
    own.falls_ill("pump-1", "level")
    own.now = lambda: NOW + timedelta(seconds=20)
    own.falls_ill("pump-1", "residual")
    (item,) = (item for item in _inbox(own) if item.key == "pump-1")
    group = item.values["group"]
    assert isinstance(group, Group)
    assert [one.rule for one in group.together] == ["level", "residual"]
    assert (group.lead.rule, item.is_acknowledged, item.since) == ("level", False, NOW)
    with writing(own.engine) as conn:
        for rule in ("level", "residual"):
            alarm_book.act(conn, SITE, f"machine/pump-1/{rule}", Acknowledged(own.now(), "li"), own.now())
    assert [(one.key, one.is_acknowledged) for one in _inbox(own)[:2]] == [("conveyor-1", False), ("pump-1", True)]


def test_a_shelved_alarm_is_in_nobodys_way(own: ConsoleHouse) -> None:
    """It comes back by itself."""
    shelved = Shelved(NOW, "li", NOW + timedelta(minutes=15), "repair")
    with writing(own.engine) as conn:
        alarm_book.act(conn, SITE, "machine/conveyor-1/level", shelved, NOW)
    assert "conveyor-1" not in {item.key for item in _inbox(own, NOW + timedelta(minutes=14))}
    assert "conveyor-1" in {item.key for item in _inbox(own, NOW + timedelta(minutes=15))}


def test_a_lost_camera_and_events_set_aside_are_seen(own: ConsoleHouse) -> None:
    """What a device cannot do is a row with the device's own words."""
    lost = SourceHealth(id="cam-2", state="lost", samples=9, age_s=90.0, message="no frame; check its power")
    _says(own, "eye-01", sources=[lost], set_aside=2)
    found = {item.kind: item for item in _inbox(own)}
    assert found["source"].key == "eye-01-cam-2"
    assert found["source"].since == NOW - timedelta(seconds=90)
    assert found["set_aside"].values["times"] == 3  # two on the device, one in quarantine


def test_a_verdict_stays_until_it_can_no_longer_be_undone(own: ConsoleHouse) -> None:
    """Settled for ten seconds in its place, then gone."""
    proposal = next(item for item in _inbox(own) if item.kind == "proposal")
    with writing(own.engine) as conn:
        review.accept(conn, proposal.key, "li", NOW)
    settled = next(item for item in _inbox(own) if item.key == proposal.key)
    assert settled.is_settled
    assert settled.priority == proposal.priority
    gone = _inbox(own, NOW + timedelta(seconds=review.UNDO_WINDOW_S + 1))
    assert proposal.key not in {item.key for item in gone}


def test_missing_events_are_counted_until_they_come(own: ConsoleHouse) -> None:
    """A device that has spoken past a gap owes the events in it."""
    with writing(own.engine) as conn:
        devices.put_ledgers(conn, [Ledger("eye-01", cursor=40, highest_seen=47, stored=39, quarantined=1)])
    with reading(own.engine) as conn:
        states = {device.device: device for device in all_devices(conn, SITE)}
    assert states["eye-01"].missing == 7
    assert states["ear-01"].missing == 0
    assert states["eye-01"].dropped == 12


def test_words_of_an_older_device_do_not_break_the_page(own: ConsoleHouse) -> None:
    """A health message that no longer fits is shown as none."""
    with writing(own.engine) as conn:
        devices.heard(conn, "eye-01", NOW, online=True, health={"boot": "b3f1", "temperature": "hot"})
    with reading(own.engine) as conn:
        states = {device.device: device for device in all_devices(conn, SITE)}
    assert states["eye-01"].health is None
    assert states["eye-01"].sources_lost == []


def test_a_shelf_shows_the_one_thing_most_worth_knowing(house: ConsoleHouse) -> None:
    """Unseen before empty, empty before different, different before low."""
    with reading(house.engine) as conn:
        states = {shelf.location: shelf.state(NOW) for shelf in all_shelves(conn, SITE)}
        b04 = shelf_at(conn, SITE, "b-04")
    assert (states["b-04"], states["c-02"], states["a-01"]) == ("differs", "empty", "full")
    assert b04 is not None
    assert (b04.counted, b04.difference, b04.capacity) == (3, -12, 20)
    assert b04.state(NOW + SEEN_LATELY + timedelta(seconds=1)) == "unseen"


def test_the_past_of_a_shelf_adds_up(house: ConsoleHouse) -> None:
    """Each movement stands with the book after it, and the last one with the book of now."""
    with reading(house.engine) as conn:
        moves = movements_since(conn, SITE, ("b-04", "oat-milk-1l"), NOW - timedelta(days=1))
        counted = counts_since(conn, SITE, ("b-04", "oat-milk-1l"), NOW - timedelta(days=1))
        shelf = shelf_at(conn, SITE, "b-04")
    assert shelf is not None
    assert moves[-1].book == shelf.book
    assert all(after.book - before.book == after.quantity for before, after in pairwise(moves))
    assert [count.units for count in counted] == [3]


def test_long_ranges_are_thinned(house: ConsoleHouse) -> None:
    """A week of minutes comes as a few hundred stretches, with the least and the most of each."""
    with reading(house.engine) as conn:
        hour = channels(conn, SITE, "pump-1", NOW - timedelta(hours=1), NOW)
        week = channels(conn, SITE, "pump-1", NOW - timedelta(days=7), NOW)
    assert [channel.name for channel in hour] == ["current_a", "temperature_c", "vibration_mm_s"]
    assert len(hour[0].points) == 60
    assert 2 <= len(week[0].points) <= 5
    assert all(point.low is not None and point.high is not None and point.low < point.high for point in week[0].points)


def test_an_anomaly_is_its_onset_and_its_end(own: ConsoleHouse) -> None:
    """The two messages are one stretch; while there is no end, it lasts."""
    with reading(own.engine) as conn:
        (lasting,) = anomalies(conn, SITE, "conveyor-1", NOW - timedelta(hours=1))
    assert lasting.ended_at is None
    end = makers.equipment_anomaly(phase="end", since=NOW - timedelta(minutes=14), rule="level")
    with writing(own.engine) as conn:
        own.event(conn, "ear-01", end, NOW, b"end", "image/jpeg")
    with reading(own.engine) as conn:
        (over,) = anomalies(conn, SITE, "conveyor-1", NOW - timedelta(hours=1))
        assert anomalies(conn, SITE, "pump-1", NOW - timedelta(hours=1)) == []
        assert figures_since(conn, SITE, NOW - timedelta(hours=1)).anomalies == 1
    assert over.started_at == NOW - timedelta(minutes=14)
    assert over.ended_at == NOW


def test_proposals_are_those_of_the_store(house: ConsoleHouse) -> None:
    """No open proposal is left out."""
    with reading(house.engine) as conn:
        waiting = {decision.id for decision in decisions.page(conn, SITE, states=("proposed",))}
    assert {item.key for item in _inbox(house) if item.kind == "proposal"} == waiting
