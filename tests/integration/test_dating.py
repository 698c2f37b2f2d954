"""Events of devices whose clock is wrong, landed in a real database: in the end they stand where they occurred."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from central.bus import Message
from central.ingest.land import land
from central.ingest.registry import Speaker
from central.ingest.verdicts import judge
from central.ingest.waiting import Waiting
from central.store.engine import reading, writing
from protocols import codec, signing, topics
from protocols.envelope import Clock, Event
from protocols.messages.device import Birth, Health, OutboxHealth
from protocols.messages.registry import EventData
from tests.makers import NOON, batch, equipment_anomaly, event, sensor_summary, shelf_count
from tests.parts.centre import migrated, register

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
KEY = signing.new_key()
COUNTED = "SELECT counted_at FROM counts ORDER BY sequence"
MINUTES = "SELECT started_at FROM readings ORDER BY started_at"
CONDITION = ("SELECT since FROM conditions", "SELECT judged_at FROM conditions", "SELECT as_of FROM conditions")


class Machine:
    """A device that boots, whose clock is set wrong, and that reaches the centre or not. Time is the test's."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.now = engine, NOON
        self.offset, self.booted, self.boot = timedelta(), NOON, "one"
        self.clock: Clock = "ntp"
        self.waiting: list[Event] = []
        self.sequence = 0
        with writing(engine) as conn:
            register(conn, "eye-01", KEY)

    def boots(self, name: str, wakes_at: datetime | None, clock: Clock) -> None:
        """The machine starts; its wall clock shows `wakes_at`, None: the right time."""
        self.boot, self.booted, self.clock = name, self.now, clock
        self.offset = timedelta() if wakes_at is None else wakes_at - self.now

    def is_set(self, offset: timedelta, clock: Clock) -> None:
        """Its wall clock is wrong by that much from here on."""
        self.offset, self.clock = offset, clock

    def passes(self, **span: float) -> None:
        """Time passes."""
        self.now += timedelta(**span)

    def concludes(self, data: EventData | None = None) -> None:
        """One event, now, into the outbox."""
        self.sequence += 1
        at = self.now + self.offset
        self.waiting.append(event(self.sequence, data, occurred_at=at, monotonic_ms=self.monotonic_ms, clock=self.clock))

    @property
    def monotonic_ms(self) -> int:
        """Since its boot."""
        return (self.now - self.booted) // timedelta(milliseconds=1)

    def delivers(self, boot: str | None = None, **head: Any) -> None:
        """All that waits reaches the centre, as of one boot: this one, or one that is over."""
        sent_ms = self.monotonic_ms if boot is None else None
        message = batch(self.waiting, boot=boot or self.boot, sent_monotonic_ms=sent_ms, **head)
        self.waiting = []
        self.says("events", message)

    def says(self, branch: topics.Up, message: object) -> None:
        """One message, landed alone."""
        payload, signature = codec.encode(message), signing.sign(KEY, codec.encode(message))
        registry, topic = {"eye-01": Speaker("s1", KEY.public_key())}, topics.up("s1", "eye-01", branch)
        parsed, verdict = judge(topic, payload, {"sig": signature}, registry, self.now)
        waiting = Waiting(Message(topic, payload, {"sig": signature}, 1, 1, 1), parsed, verdict)
        with writing(self.engine) as conn:
            land(conn, [waiting], (), self.now)

    def is_born(self) -> None:
        """What it says as soon as it is connected."""
        at, clock = self.now + self.offset, self.clock
        self.says("status", Birth(boot=self.boot, started_at=at, monotonic_ms=self.monotonic_ms, clock=clock, version="1"))

    def tells_its_health(self) -> None:
        """What it says every minute."""
        outbox = OutboxHealth(count=0, bytes=0, oldest_age_s=0, last_sequence=self.sequence)
        at, ms = self.now + self.offset, self.monotonic_ms
        self.says("health", Health(boot=self.boot, at=at, outbox=outbox, clock=self.clock, monotonic_ms=ms, sources=[]))

    def stands(self, query: str = "SELECT occurred_at FROM events ORDER BY sequence") -> list[datetime]:
        """The times that a query finds."""
        with reading(self.engine) as conn:
            return [datetime.fromisoformat(one) for one in conn.execute(text(query)).scalars()]

    def value(self, query: str) -> Any:
        """The first column of the first row."""
        with reading(self.engine) as conn:
            return conn.execute(text(query)).scalar()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A registered device beside an empty centre."""
    with migrated(tmp_path / "house.db") as engine:
        yield Machine(engine)


def after(*minutes: float) -> list[datetime]:
    """So many minutes after noon."""
    return [NOON + timedelta(minutes=one) for one in minutes]


def test_a_boot_in_1970_is_dated_when_ntp_comes(machine: Machine) -> None:
    """A backlog of hours stands where it occurred, in every table, with what the device said beside it."""
    machine.boots("one", LONG_AGO, "bad")
    for _ in range(3):
        machine.passes(minutes=10)
        machine.concludes(shelf_count(units=machine.sequence + 1))
    said = LONG_AGO + timedelta(minutes=10)
    machine.passes(hours=2)
    machine.delivers()
    machine.passes(minutes=5)
    machine.is_set(timedelta(), "ntp")
    machine.concludes()
    machine.delivers()
    assert machine.stands() == machine.stands(COUNTED) == after(10, 20, 30, 155)
    assert machine.value("SELECT said_at FROM events") == said.isoformat(timespec="milliseconds")
    assert machine.value("SELECT redated FROM boots") == 3


def test_what_is_sent_at_once_is_dated_at_once(machine: Machine) -> None:
    """Without any clock that deserves trust: the batch says how long after its events it was sent."""
    machine.boots("one", LONG_AGO, "bad")
    machine.passes(minutes=10)
    machine.concludes()
    machine.passes(minutes=50)
    machine.delivers()
    assert machine.stands() == after(10)


def test_a_jump_forwards_and_back_does_not_show(machine: Machine) -> None:
    """Three hours ahead, then back: the events in between stand where monotonic time says."""
    machine.concludes()
    for offset in (timedelta(hours=3), timedelta()):
        machine.passes(minutes=1)
        machine.is_set(offset, "estimated" if offset else "ntp")
        machine.concludes()
    machine.delivers()
    assert machine.stands() == after(0, 1, 2)
    assert machine.value("SELECT counted_at FROM positions") == after(2)[0].isoformat(timespec="milliseconds")


def test_a_restart_with_the_time_of_the_last_shutdown_is_found_out(machine: Machine) -> None:
    """A plausible time that nobody vouches for yields to NTP of the same boot, told by health alone."""
    machine.boots("two", NOON - timedelta(days=14), "estimated")
    machine.concludes(shelf_count(units=7))
    machine.delivers(sent_at=NOON - timedelta(days=14))
    machine.passes(minutes=30)
    machine.is_set(timedelta(), "ntp")
    machine.tells_its_health()
    assert machine.stands() == after(0)


def test_an_estimated_time_of_a_boot_that_is_over_is_taken_when_nothing_contradicts_it(machine: Machine) -> None:
    """It is all there is."""
    machine.boots("one", NOON - timedelta(hours=1), "estimated")
    machine.concludes()
    machine.passes(hours=5)
    machine.delivers("one")
    assert machine.stands() == after(-60)


def test_a_boot_without_a_clock_was_over_before_the_next_began(machine: Machine) -> None:
    """The latest is what the second boot saw, although the first one's events came later than they all occurred."""
    machine.boots("one", LONG_AGO, "bad")
    for minutes in (0, 30):
        machine.passes(minutes=minutes)
        machine.concludes(shelf_count(units=1))
    first, machine.waiting = machine.waiting, []
    machine.passes(minutes=5)
    machine.boots("two", None, "ntp")
    machine.passes(minutes=5)
    machine.concludes(shelf_count(units=2))
    second, machine.waiting = machine.waiting, first
    machine.passes(hours=8)
    machine.is_born()
    machine.delivers("one")
    machine.waiting = second
    machine.delivers()
    assert machine.stands() == after(5, 35, 40)  # not later than that, and thirty minutes apart
    assert machine.value("SELECT counted FROM positions") == 2


def test_the_next_boot_moves_the_one_before_it_also_afterwards(machine: Machine) -> None:
    """The second boot gets its time when the first one's events are stored already."""
    machine.boots("one", LONG_AGO, "bad")
    machine.concludes(shelf_count(units=1))
    first, machine.waiting = machine.waiting, []
    machine.passes(minutes=5)
    machine.boots("two", LONG_AGO, "bad")
    machine.passes(minutes=5)
    machine.concludes(shelf_count(units=2))
    second, machine.waiting = machine.waiting, first
    machine.passes(hours=8)
    machine.delivers("one")
    machine.waiting = second
    machine.delivers("two")
    machine.is_set(timedelta(), "ntp")
    machine.tells_its_health()
    assert machine.stands() == after(5, 10)
    assert machine.value("SELECT counted FROM positions") == 2


def test_a_machines_history_and_condition_move_along(machine: Machine) -> None:
    """Minutes and the begin of an anomaly stand where they were; a later end of another device's clock wins."""
    machine.boots("one", LONG_AGO, "bad")
    machine.passes(minutes=1)
    machine.concludes(sensor_summary(started_at=LONG_AGO))
    machine.passes(minutes=1)
    machine.concludes(sensor_summary(started_at=LONG_AGO + timedelta(minutes=1)))
    machine.concludes(equipment_anomaly(since=LONG_AGO + timedelta(minutes=2)))
    machine.passes(hours=1)
    machine.delivers("one")
    assert machine.stands(MINUTES) == after(60, 61)
    machine.is_set(timedelta(), "ntp")
    machine.tells_its_health()
    assert machine.stands(MINUTES) == machine.stands(MINUTES.replace("readings", "asset_minutes")) == after(0, 1)
    for column in CONDITION:
        assert machine.stands(column) == after(2)
    assert machine.value("SELECT condition FROM conditions") == "alarm"


def test_a_trusted_clock_that_runs_ahead_is_held_to_the_present(machine: Machine) -> None:
    """Nothing occurs after it came; the order within the boot stays."""
    machine.is_set(timedelta(hours=3), "ntp")
    for _ in range(2):
        machine.concludes()
        machine.passes(minutes=1)
    machine.delivers()
    assert machine.stands() == after(0, 1)


def test_a_right_clock_is_left_alone(machine: Machine) -> None:
    """Late or early, what NTP says is what stands there."""
    machine.concludes()
    machine.passes(days=3)
    machine.delivers()
    machine.tells_its_health()
    assert machine.stands() == after(0)
    assert machine.value("SELECT count(*) FROM events WHERE said_at IS NOT NULL") == 0


def test_a_backlog_with_a_right_clock_is_not_looked_through_with_each_batch(machine: Machine) -> None:
    """What is known of its boot is written once."""
    for _ in range(3):
        machine.passes(hours=1)
        machine.concludes()
    waiting = machine.waiting
    rows = []
    for one in waiting:
        machine.waiting = [one]
        machine.delivers()
        rows.append(machine.value("SELECT latest_ms || ' ' || claim_ms FROM boots"))
    assert rows == [rows[0]] * 3


def test_a_jump_that_nobody_noticed_is_found_by_the_rest_of_its_boot(machine: Machine) -> None:
    """NTP vouches for a time three hours ahead in the middle of a boot whose begin is known."""
    for offset in (timedelta(), timedelta(hours=3), timedelta()):
        machine.passes(minutes=1)
        machine.is_set(offset, "ntp")
        machine.concludes()
    machine.delivers()
    assert machine.stands() == after(1, 2, 3)
