"""Quality ahead on a real database: history of readings and defects → a fitted model → a hold, with its causes."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Connection

from central.background.learning import Teacher
from central.deciding import waking
from central.deciding.capability import Subject
from central.deciding.learning import learn
from central.deciding.registry import discover
from central.store import artefacts, decisions, events, readings
from central.store.facts import Fact
from central.store.readings import ReadingRow
from central.store.types import instant_text
from tests import makers
from tests.parts.house import SITE, House

CARD = next(card for card in discover() if card.name == "production.quality")
LINE = Subject(SITE, "belt-1")
DAYS = 8


class Factory:
    """A press at a line: parts tend to fail in the hour after its oil was hot."""

    def __init__(self, house: House, told: int = 0) -> None:
        self.house = house
        self._rng = np.random.default_rng(11)
        self._sequence = told

    def work(self, days: int) -> None:
        """Hours of work up to the whole hour before now."""
        start = self.house.now.replace(minute=0, second=0, microsecond=0) - timedelta(days=days)
        was_hot = False
        with self.house.parts.writing() as conn:
            for hour in range(24 * days):
                at = start + timedelta(hours=hour)
                oil_degc = float(self._rng.normal(52, 2) + 18 * (self._rng.random() < 0.2))
                self._read(conn, at, oil_degc)
                for minutes in (20, 30) if was_hot else ():
                    self._see(conn, at + timedelta(minutes=minutes), "fail")
                was_hot = oil_degc > 62

    def read(self, at: datetime, oil_degc: float) -> None:
        """One minute's summary of the press."""
        with self.house.parts.writing() as conn:
            self._read(conn, at, oil_degc)

    def see(self, at: datetime, verdict: str) -> None:
        """A camera does not pass a part."""
        with self.house.parts.writing() as conn:
            self._see(conn, at, verdict)

    def _read(self, conn: Connection, at: datetime, oil_degc: float) -> None:
        begun = instant_text(at)
        channels = (("oil_temperature", oil_degc), ("room_temperature", float(self._rng.normal(20, 1))))
        rows: list[ReadingRow] = [
            (SITE, "press-1", name, begun, "degC", 60, mean - 1, mean, mean + 1, mean, None, None) for name, mean in channels
        ]
        readings.put(conn, rows, [(SITE, "press-1", begun, 60.0, "steady", 0.4, 1.0, 1.0, "ear-01", 1)])

    def _see(self, conn: Connection, at: datetime, verdict: str) -> None:
        self._sequence += 1
        data = {"camera": "cam-1", "line": "belt-1", "verdict": verdict, "score": 2.4, "threshold": 1.2}
        row = (
            *("eye-09", self._sequence, makers.event_id(90_000 + self._sequence), SITE, "defect/1"),
            *(instant_text(at), instant_text(at), "boot", 1, "ntp", None, None, json.dumps(data), None),
        )
        events.append(conn, [row])

    def decide(self) -> decisions.Decision:
        """A camera's fact wakes the line; what is decided."""
        with self.house.parts.writing() as conn:
            waking.wake(conn, [CARD], [Fact("defect", SITE, {"camera": "cam-1", "line": "belt-1"})], self.house.now)
        self.house.pass_time(seconds=4)
        self.house.decide()
        with self.house.parts.reading() as conn:
            return decisions.page(conn, SITE, subject="belt-1")[0]


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The database of a house whose line was learned, made once: a fit takes a second."""
    house = _house(tmp_path_factory.mktemp("learned"))
    Factory(house).work(DAYS)
    assert learn(house.parts.engine, CARD, LINE, house.now)
    house.parts.engine.dispose()
    return house.database.read_bytes()


@pytest.fixture
def experienced(tmp_path: Path, learned: bytes) -> Iterator[Factory]:
    """A factory with eight days behind it and a model of its line."""
    house = _house(tmp_path)
    house.close()
    house.database.write_bytes(learned)
    yield Factory(house, told=1000)
    house.close()


def _house(folder: Path) -> House:
    house = House(folder)
    house.now = house.now.replace(minute=20)
    return house


@pytest.fixture
def factory(tmp_path: Path) -> Iterator[Factory]:
    """A house with a press, at twenty past; nothing happened yet."""
    house = _house(tmp_path)
    yield Factory(house)
    house.close()


def test_hot_oil_leads_to_a_hold_that_names_it_and_rests_on_model_readings_and_camera(experienced: Factory) -> None:
    """The whole way, from history to a proposal that a person can check."""
    experienced.read(experienced.house.now - timedelta(minutes=10), 71.0)
    experienced.see(experienced.house.now - timedelta(minutes=5), "review")
    hold = experienced.decide()
    assert (hold.state, hold.proposal) == ("proposed", {"line": "belt-1", "hours": 1})
    assert hold.reasons[0]["code"] == "likely_to_fail"
    named = [reason["values"]["feature"] for reason in hold.reasons if reason["code"] == "raises_risk"]
    assert named[0].startswith("press-1/oil_temperature")
    assert hold.interval is not None
    assert hold.interval["low"] <= (hold.confidence or 0) <= hold.interval["high"]
    with experienced.house.parts.reading() as conn:
        causes = {cause.kind: cause for cause in decisions.causes_of(conn, hold.id)}
    assert {"model", "readings", "defect"} <= set(causes)
    assert causes["defect"].device == "eye-09"


def test_cool_oil_lets_parts_pass(experienced: Factory) -> None:
    """The same model, another hour."""
    experienced.read(experienced.house.now - timedelta(minutes=10), 52.0)
    assert experienced.decide().state == "nothing"


def test_without_enough_failed_parts_it_says_how_many_hours_are_needed(factory: Factory) -> None:
    """Instead of a guess; and nothing is kept as learned."""
    factory.work(1)
    assert not learn(factory.house.parts.engine, CARD, LINE, factory.house.now)
    decision = factory.decide()
    assert decision.state == "undecided"
    (reason,) = decision.reasons
    assert reason["code"] == "not_enough_history"
    assert reason["values"]["least"] == 15


def test_readings_that_stopped_are_no_ground_for_a_prediction(experienced: Factory) -> None:
    """A machine that fell silent hours ago says nothing of the parts that are made now."""
    experienced.house.pass_time(hours=6)
    assert experienced.decide().codes == {"no_fresh_readings"}


def test_the_same_history_is_not_learned_twice_and_new_hours_make_a_new_version(experienced: Factory) -> None:
    """What a decision rests on is named by version and by the hash of its data."""
    engine = experienced.house.parts.engine
    assert not learn(engine, CARD, LINE, experienced.house.now)
    later = experienced.house.pass_time(hours=1)
    experienced.read(later - timedelta(minutes=50), 52.0)
    assert learn(engine, CARD, LINE, later)
    with experienced.house.parts.reading() as conn:
        newest = artefacts.newest(conn, SITE, CARD.name, "belt-1")
    assert newest is not None
    assert newest.version == 2


def test_the_background_teaches_each_line_and_has_it_decided_again(factory: Factory) -> None:
    """Without anybody asking; then it rests until its next round."""
    factory.work(DAYS)
    teacher = Teacher(factory.house.parts)
    while teacher.look():
        pass
    with factory.house.parts.reading() as conn:
        assert artefacts.newest(conn, SITE, CARD.name, "belt-1") is not None
    factory.house.decide()
    with factory.house.parts.reading() as conn:
        assert decisions.page(conn, SITE, subject="belt-1")[0].capability == CARD.name


def test_a_machine_that_changed_wakes_every_line_of_its_site(factory: Factory) -> None:
    """Which machine stands at which line is not on record."""
    factory.see(factory.house.now, "fail")
    with factory.house.parts.writing() as conn:
        assert waking.wake(conn, [CARD], [Fact("machine_condition", SITE, {"machine": "press-1"})], factory.house.now) == 1
