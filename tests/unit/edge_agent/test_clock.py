"""How far a device believes its own clock."""

from datetime import UTC, datetime, timedelta

import pytest

from edge_agent.clock import DeviceClock, Stamp, boot_id, system_monotonic_ms, system_trust
from protocols.envelope import Clock

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "trust"), [(datetime(1970, 1, 1, tzinfo=UTC), "bad"), (datetime(2026, 10, 1, tzinfo=UTC), "bad"), (NOON, "ntp")]
)
def test_a_time_before_this_release_is_bad(at: datetime, trust: str) -> None:
    """A device without a clock chip wakes up in the past, whatever the kernel says of its synchronisation."""
    stamp = DeviceClock("boot", lambda: at, lambda: 5, lambda: "ntp").now()
    assert (stamp.at, stamp.monotonic_ms, stamp.clock) == (at, 5, trust)


def test_jumps_of_the_wall_clock_are_counted() -> None:
    """Against the monotonic one, both ways; steady running is none."""
    walls = iter([NOON, NOON + timedelta(seconds=1), NOON + timedelta(hours=1), NOON + timedelta(seconds=3)])
    ticks = iter([0, 1000, 2000, 3000])
    clock = DeviceClock("boot", lambda: next(walls), lambda: next(ticks), lambda: "rtc")
    for _ in range(4):
        clock.now()
    assert clock.jumps == 2


class Machine:
    """A machine whose clocks a test sets."""

    def __init__(self, at: datetime) -> None:
        self.at, self.ticks_ms = at, 0
        self.trust: Clock = "ntp"
        self.clock = DeviceClock("boot", lambda: self.at, lambda: self.ticks_ms, lambda: self.trust)

    def passes(self, seconds: float) -> Stamp:
        """Time passes; what the machine says then."""
        self.ticks_ms += int(seconds * 1000)
        self.at += timedelta(seconds=seconds)
        return self.clock.now()

    def is_set(self, by: timedelta) -> Stamp:
        """Somebody sets the wall clock; what the machine says then."""
        self.at += by
        return self.clock.now()


def test_a_jump_forwards_and_back_is_believed_only_where_it_was() -> None:
    """Three hours ahead the time is estimated, whatever the chip says; back again it is as good as before."""
    machine = Machine(NOON)
    machine.trust = "rtc"
    assert machine.passes(1).clock == "rtc"
    assert machine.is_set(timedelta(hours=3)).clock == "estimated"
    assert machine.passes(3600).clock == "estimated"
    back = machine.is_set(-timedelta(hours=3))
    assert (back.clock, back.monotonic_ms, machine.clock.jumps) == ("rtc", 3_601_000, 2)


def test_a_jump_by_ntp_is_believed_when_it_lasts() -> None:
    """The first synchronisation of a machine that woke up in 1970."""
    machine = Machine(datetime(1970, 1, 1, tzinfo=UTC))
    assert machine.passes(5).clock == "bad"
    assert machine.is_set(NOON - machine.at).clock == "estimated"
    assert machine.passes(29).clock == "estimated"
    assert machine.passes(1).clock == "ntp"
    assert machine.clock.jumps == 1


def test_a_second_jump_begins_the_wait_anew() -> None:
    """A daemon that swings the clock to and fro is not believed in between."""
    machine = Machine(NOON)
    machine.passes(1)
    machine.is_set(timedelta(hours=3))
    machine.passes(29)
    assert machine.is_set(timedelta(hours=1)).clock == "estimated"
    assert machine.passes(29).clock == "estimated"


def test_the_system_answers() -> None:
    """On the machine at hand."""
    assert system_trust() in {"ntp", "rtc", "estimated"}
    assert 0 < len(boot_id()) <= 64
    assert boot_id() == boot_id()
    assert system_monotonic_ms() > 0
