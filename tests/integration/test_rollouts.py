"""Rollouts over a real database, with models that are really measured by the program, and devices that answer as told."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import msgspec
import pytest
from sqlalchemy import Connection

from central.background.judging import LEAST_PEOPLE_SAID, Interrupted, Judge, Pair, installed_program
from central.background.rollouts import RolloutDesk
from central.errors import Refused
from central.fleet import release_orders as orders
from central.fleet.accuracy import Accuracy
from central.fleet.archives import Archives
from central.fleet.rollout import MOST_AT_ONCE
from central.store import audit, devices, releases, rollouts, twins
from central.store.devices import Device
from central.store.releases import Release
from central.store.rollouts import Rollout
from central.store.twins import Twin
from firmware_sim.render.picture_set import shelf_pictures, write_shelves
from protocols.messages.device import Birth, Health, OutboxHealth, Reported, SourceHealth, TaskAnnouncement
from protocols.messages.model_release import ModelState
from protocols.signing import new_key, public_text
from tests.makers import NOON
from tests.parts.bundles import resigned
from tests.parts.house import House
from tests.parts.ports import eventually

KEY = new_key()
KIND = "shelf_count"
SOAK_S = 60.0
WORSE = {"count_lowest": 0.97, "count_highest": 0.99}


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty labelled shelves."""
    folder = tmp_path_factory.mktemp("labelled")
    write_shelves(folder / KIND, shelf_pictures(seed=4000021, frames=5), "s")
    return folder


@dataclass
class Fleet:
    """A house with `count` devices that do what their twins say, as told by `answer`."""

    house: House
    archives: Archives
    desk: RolloutDesk
    count: int

    def __post_init__(self) -> None:
        with self.house.parts.writing() as conn:
            for name in self.names:
                devices.add(conn, Device(name, "s1", name, f"key of {name}", NOON))
                self.hear(conn, name, birth=self.birth())

    @property
    def names(self) -> list[str]:
        """All of them."""
        return [f"cam-{number:02}" for number in range(self.count)]

    def release(self, folder: Path, version: str, **settings: float) -> Release:
        """Add a model."""
        resigned(folder / version, KEY, "shelf", version, **settings)
        with self.house.parts.writing() as conn:
            return orders.add(conn, self.archives, folder / version, None, "ann", self.house.now)

    def begin(self, version: str, site: str | None = None) -> Rollout:
        """Roll a model out."""
        with self.house.parts.writing() as conn:
            return orders.begin(conn, orders.Order(f"shelf-{version}", site, None, SOAK_S), "ann", self.house.now)

    def grow(self, count: int) -> None:
        """More devices."""
        with self.house.parts.writing() as conn:
            for number in range(self.count, count):
                name = f"cam-{number:02}"
                devices.add(conn, Device(name, "s1", name, f"key of {name}", NOON))
                self.hear(conn, name, birth=self.birth())
        self.count = count

    def answer(self, *broken: str, task_errors: int = 0) -> None:
        """Every device runs what its twin names and is well; `broken` ones have gone back to what they ran."""
        with self.house.parts.writing() as conn:
            wanted = twins.of_devices(conn, self.names)
            for name in self.names:
                named = wanted[name].models.get(KIND)
                model = named["model"] if named else None
                state = ModelState(state="running", model=model)
                if name in broken and model:
                    state = ModelState(state="rolled_back", wanted=model, why="the agent ended 3 times")
                source = SourceHealth(id="cam-1", state="ok", samples=self._samples(), task_errors=task_errors)
                outbox = OutboxHealth(count=0, bytes=0, oldest_age_s=0, last_sequence=0)
                health = Health(boot="b1", at=self.house.now, outbox=outbox, clock="ntp", sources=[source])
                self.hear(conn, name, reported=Reported(version=1, boot="b1", models={KIND: state}), health=health)

    def go_on(self, *broken: str, task_errors: int = 0, rounds: int = 30) -> Rollout:
        """Let time pass until the rollout ends."""
        for _ in range(rounds):
            self.desk.look()
            self.answer(*broken, task_errors=task_errors)
            self.house.pass_time(seconds=30)
            if not self.newest().is_open:
                break
        return self.newest()

    def newest(self) -> Rollout:
        """The last rollout."""
        with self.house.parts.reading() as conn:
            return rollouts.newest(conn)[0]

    def models(self) -> dict[str, str | None]:
        """Device → version that its twin names."""
        with self.house.parts.reading() as conn:
            wanted = twins.of_devices(conn, self.names)
        named = {name: wanted[name].models.get(KIND, {}).get("model") for name in self.names}
        return {name: model and model.split("@")[0] for name, model in named.items()}

    def gates(self) -> list[tuple[int, str, bool]]:
        """Stage, gate, passed."""
        with self.house.parts.reading() as conn:
            return [(one.stage, one.gate, one.passed) for one in rollouts.gates(conn, self.newest().id)]

    def _samples(self) -> int:
        return int((self.house.now - NOON).total_seconds())

    def birth(self) -> Birth:
        """That it counts what one camera sees."""
        return Birth(boot="b1", started_at=NOON, version="t", tasks=[TaskAnnouncement(kind=KIND, source="cam-1")])

    def hear(self, conn: Connection, name: str, **said: Birth | Health | Reported) -> None:
        """A device says something of itself."""
        rows = {noun: msgspec.to_builtins(word) for noun, word in said.items()}
        devices.heard(conn, name, self.house.now, online=True, **rows)


@pytest.fixture
def fleet(tmp_path: Path, labelled: Path) -> Iterator[Fleet]:
    """Three devices."""
    house = House(tmp_path)
    archives = Archives(tmp_path / "releases", labelled, "http://127.0.0.1:8400", (public_text(KEY),))
    house.parts = replace(house.parts, archives=archives)
    judge = Judge(archives, Event(), installed_program())
    yield Fleet(house, archives, RolloutDesk(house.parts, archives, judge.accuracy, timedelta()), 3)
    house.close()


@pytest.fixture
def quick(fleet: Fleet) -> Fleet:
    """The same, every model of which passes its measurement at once."""
    fleet.desk.accuracy = lambda _pair: Accuracy()
    return fleet


def test_a_good_model_reaches_every_device_stage_by_stage(fleet: Fleet, tmp_path: Path) -> None:
    """It was really measured against the shipped one on the labelled frames before each stage; the figures are kept."""
    fleet.release(tmp_path, "0.2.0", largest_overlap=0.61)
    begun = fleet.begin("0.2.0")
    fleet.desk.look()
    assert fleet.models() == {begun.canary: "shelf-0.2.0"} | dict.fromkeys(fleet.names[1:])
    ended = fleet.go_on()
    assert (ended.phase, ended.why) == ("done", None)
    assert set(fleet.models().values()) == {"shelf-0.2.0"}
    passed = [(0, "accuracy", True), (0, "health", True), (3, "accuracy", True), (3, "health", True)]
    assert fleet.gates() == passed
    with fleet.house.parts.reading() as conn:
        figures = rollouts.gates(conn, ended.id)[0].figures
        assert audit.first_broken(conn) is None
    assert figures["new"]["count_mae"]["n"] == 20
    assert figures["differences"][0]["high"] <= figures["differences"][0]["margin"]


def test_a_worse_model_stops_at_the_gate_and_reaches_nobody(fleet: Fleet, tmp_path: Path) -> None:
    """Its count rule was spoilt: it is measured, refused, and the figures say by how much."""
    fleet.release(tmp_path, "0.3.0", **WORSE)
    fleet.begin("0.3.0")
    ended = fleet.go_on()
    assert (ended.phase, ended.why) == ("failed", "accuracy")
    assert set(fleet.models().values()) == {None}
    assert fleet.gates() == [(0, "accuracy", False)]
    assert "count_error" in (ended.detail or "")


def test_a_canary_that_takes_it_back_stops_the_rollout_and_gets_the_old_one_wanted(quick: Fleet, tmp_path: Path) -> None:
    """Before the second device has it."""
    quick.release(tmp_path, "0.2.0")
    canary = quick.begin("0.2.0").canary
    ended = quick.go_on(canary)
    assert (ended.phase, ended.why) == ("failed", "taken_back")
    assert canary in (ended.detail or "")
    assert set(quick.models().values()) == {None}
    assert quick.gates()[-1] == (0, "health", False)


def test_a_late_failure_gives_every_device_back_what_it_ran(quick: Fleet, tmp_path: Path) -> None:
    """Not what ships, but the release that each had before."""
    quick.release(tmp_path, "0.2.0")
    quick.begin("0.2.0")
    assert quick.go_on().phase == "done"
    quick.release(tmp_path, "0.3.0")
    quick.begin("0.3.0")
    while quick.newest().stage < 3:
        quick.go_on(rounds=1)
    ended = quick.go_on(quick.names[-1])
    assert (ended.phase, ended.stage) == ("failed", 3)
    assert set(quick.models().values()) == {"shelf-0.2.0"}


def test_errors_of_tasks_on_the_new_model_count_those_before_it_do_not(quick: Fleet, tmp_path: Path) -> None:
    """Counters are compared with those when the device first ran it."""
    quick.house.pass_time(hours=1)
    quick.answer(task_errors=900)
    quick.release(tmp_path, "0.2.0")
    quick.begin("0.2.0")
    quick.desk.look()
    quick.answer(task_errors=900)
    quick.desk.look()
    assert quick.newest().phase == "soaking"
    quick.answer(task_errors=950)
    quick.desk.look()
    assert quick.newest().why == "task_errors"


def test_a_person_stops_or_takes_back(quick: Fleet, tmp_path: Path) -> None:
    """Stopped: who has it keeps it. Taken back: nobody does. Neither happens twice."""
    quick.release(tmp_path, "0.2.0")
    begun = quick.begin("0.2.0")
    quick.desk.look()
    with quick.house.parts.writing() as conn:
        orders.stop(conn, begun.id, "ann", quick.house.now)
    assert quick.models()[begun.canary] == "shelf-0.2.0"
    quick.go_on(rounds=3)
    assert list(quick.models().values()).count("shelf-0.2.0") == 1
    with quick.house.parts.writing() as conn:
        with pytest.raises(Refused, match="ended already"):
            orders.stop(conn, begun.id, "ann", quick.house.now)
        orders.roll_back(conn, begun.id, "ann", quick.house.now)
        with pytest.raises(Refused, match="taken back already"):
            orders.roll_back(conn, begun.id, "ann", quick.house.now)
    assert set(quick.models().values()) == {None}


def test_a_large_fleet_is_given_back_a_few_devices_at_once(quick: Fleet, tmp_path: Path) -> None:
    """Nothing is held up for long; until all have it back no new rollout of the kind begins."""
    quick.grow(MOST_AT_ONCE + 5)
    quick.release(tmp_path, "0.2.0")
    begun = quick.begin("0.2.0")
    assert quick.go_on(rounds=60).phase == "done"
    with quick.house.parts.writing() as conn:
        orders.roll_back(conn, begun.id, "ann", quick.house.now)
    assert list(quick.models().values()).count("shelf-0.2.0") == 5
    with pytest.raises(Refused, match="still being taken back"):
        quick.begin("0.2.0")
    quick.desk.look()
    assert set(quick.models().values()) == {None}
    assert quick.begin("0.2.0").is_open


def test_a_newer_rollout_at_another_site_keeps_nobody_from_the_way_back(quick: Fleet, tmp_path: Path) -> None:
    """Of two sites each has its own; at its own site the newer one would have said what counts."""
    quick.grow(MOST_AT_ONCE + 5)
    quick.release(tmp_path, "0.2.0")
    begun = quick.begin("0.2.0", "s1")
    assert quick.go_on(rounds=60).phase == "done"
    with quick.house.parts.writing() as conn:
        devices.add(conn, Device("far-01", "s2", "far", "key of far", NOON))
        quick.hear(conn, "far-01", birth=quick.birth())
    assert quick.begin("0.2.0", "s2").id > begun.id
    with quick.house.parts.writing() as conn:
        orders.roll_back(conn, begun.id, "ann", quick.house.now)
    quick.house.pass_time(seconds=30)
    quick.desk.look()
    assert set(quick.models().values()) == {None}


def test_a_rollout_that_cannot_go_on_keeps_no_other_waiting(quick: Fleet, tmp_path: Path) -> None:
    """The twins of its devices are full; those at another site get the model."""
    quick.release(tmp_path, "0.2.0")
    with quick.house.parts.writing() as conn:
        devices.add(conn, Device("far-01", "s2", "far", "key of far", NOON))
        quick.hear(conn, "far-01", birth=quick.birth())
        for name in quick.names:
            twins.put(
                conn,
                Twin(name, version=1, settings={f"cam-1/{KIND}": {"note": "x" * 59_900}}, changed_by="ann", changed_at=NOON),
            )
    quick.begin("0.2.0", "s1")
    quick.begin("0.2.0", "s2")
    for _ in range(3):
        quick.desk.look()
        quick.house.pass_time(seconds=30)
    with quick.house.parts.reading() as conn:
        assert KIND in twins.get(conn, "far-01").models
    assert set(quick.models().values()) == {None}


def test_two_rollouts_of_one_kind_do_not_mix(quick: Fleet, tmp_path: Path) -> None:
    """The second is refused while the first goes on; its remedy is named."""
    quick.release(tmp_path, "0.2.0")
    quick.release(tmp_path, "0.3.0")
    quick.begin("0.2.0")
    with pytest.raises(Refused, match="release stop"):
        quick.begin("0.3.0")


def test_orders_that_make_no_sense_name_what_there_is(quick: Fleet, tmp_path: Path) -> None:
    """No such model, no such canary."""
    with pytest.raises(Refused, match="none yet"):
        quick.begin("9.9.9")
    quick.release(tmp_path, "0.2.0")
    with quick.house.parts.writing() as conn, pytest.raises(Refused, match="cam-00"):
        orders.begin(conn, orders.Order("shelf-0.2.0", None, "ear-99", 1), "ann", NOON)


def test_adding_a_release_again_changes_nothing(quick: Fleet, tmp_path: Path) -> None:
    """The same archive, the same row."""
    first = quick.release(tmp_path, "0.2.0")
    with quick.house.parts.writing() as conn:
        again = orders.add(conn, quick.archives, tmp_path / "0.2.0", None, "bob", NOON + timedelta(days=1))
        assert again == first
        assert releases.every(conn) == [first]


def pair(fleet: Fleet, tmp_path: Path) -> Pair:
    """A release against what ships."""
    return Pair(fleet.release(tmp_path, "0.2.0"), None)


def script(folder: Path, text: str) -> Path:
    """A program in the place of the real one."""
    file = folder / "program"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o700)
    return file


def test_a_measurement_that_hangs_is_killed_with_its_children(fleet: Fleet, tmp_path: Path) -> None:
    """And keeps the model back, with the reason."""
    hanging = script(tmp_path, f"sleep 600 & echo $! > {tmp_path}/child; wait")
    found = Judge(fleet.archives, Event(), hanging, timeout_s=0.5).accuracy(pair(fleet, tmp_path))
    assert found.why == "not_measured"
    assert "took longer" in (found.detail or "")
    child = int((tmp_path / "child").read_text())
    eventually(lambda: not _lives(child), what="the child's child to end")


def test_a_measurement_ends_when_the_centre_stops(fleet: Fleet, tmp_path: Path) -> None:
    """It is made again after the next start: nothing is put on record."""
    stop, found = Event(), []
    judge = Judge(fleet.archives, stop, script(tmp_path, f"echo $$ > {tmp_path}/pid; sleep 600"))
    wanted = pair(fleet, tmp_path)

    def measure() -> None:
        try:
            judge.accuracy(wanted)
        except Interrupted as error:
            found.append(error)

    thread = Thread(target=measure)
    thread.start()
    eventually((tmp_path / "pid").exists, what="the program to start")
    stop.set()
    thread.join(10)
    assert found


@pytest.mark.parametrize(
    ("text", "told"),
    [("echo no frames here >&2; exit 1", "no frames here"), ("echo no json", "no evaluation"), ("exit 3", "3")],
)
def test_a_measurement_that_fails_keeps_the_model_back_with_the_last_words(
    fleet: Fleet, tmp_path: Path, text: str, told: str
) -> None:
    """Whatever the program does."""
    found = Judge(fleet.archives, Event(), script(tmp_path, text)).accuracy(pair(fleet, tmp_path))
    assert (found.why, found.passed) == ("not_measured", False)
    assert told in (found.detail or "")


def test_without_labelled_frames_nothing_passes(fleet: Fleet, tmp_path: Path) -> None:
    """The folder to fill is named."""
    empty = replace(fleet.archives, labelled=tmp_path / "nothing")
    found = Judge(empty, Event(), installed_program()).accuracy(pair(fleet, tmp_path))
    assert found.why == "too_few_frames"
    assert f"nothing/{KIND}" in (found.detail or "")


def test_what_people_agree_on_judges_once_it_is_enough(fleet: Fleet, tmp_path: Path) -> None:
    """From forty pictures on the program is given people's labels in place of the frames that lie there."""
    archives = replace(fleet.archives, labelled=tmp_path / "labelled")
    images = archives.people_said / KIND / "images"
    images.mkdir(parents=True)
    (archives.labelled / KIND).mkdir()
    saying = script(tmp_path, 'echo "asked about $4" >&2; exit 1')
    wanted = pair(fleet, tmp_path)
    for number in range(LEAST_PEOPLE_SAID - 1):
        (images / f"{number}.jpg").write_bytes(b"picture")
    assert f"labelled/{KIND}" in (Judge(archives, Event(), saying).accuracy(wanted).detail or "")
    (images / "last.jpg").write_bytes(b"picture")
    assert f"labelled/people/{KIND}" in (Judge(archives, Event(), saying).accuracy(wanted).detail or "")


def _lives(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{number}/stat").read_text().split()[2] != "Z"
