"""How far a device believes its own clock."""

from datetime import UTC, datetime, timedelta

import pytest

from edge_agent.clock import DeviceClock, boot_id, system_monotonic_ms, system_trust

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


def test_the_system_answers() -> None:
    """On the machine at hand."""
    assert system_trust() in {"ntp", "rtc", "estimated"}
    assert 0 < len(boot_id()) <= 64
    assert boot_id() == boot_id()
    assert system_monotonic_ms() > 0
