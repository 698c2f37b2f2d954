"""What is read of a machine, on folders that look like /proc and /sys."""

from pathlib import Path

import pytest

from edge_agent.machine import Machine, Throttled, clock_error_s


def written(root: Path, **files: str) -> Machine:
    """A machine whose kernel tells these."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Machine(root)


FIRMWARE = "sys/devices/platform/soc/soc:firmware/get_throttled"


@pytest.mark.parametrize(
    ("bits", "found"),
    [
        ("0\n", Throttled()),
        ("50005\n", Throttled(("under_voltage", "throttled"), ("under_voltage", "throttled"))),
        ("80000\n", Throttled((), ("hot",))),
        ("nonsense", Throttled()),
    ],
)
def test_a_weak_supply_and_heat_are_told_apart(tmp_path: Path, bits: str, found: Throttled) -> None:
    """Now, and since the boot."""
    assert written(tmp_path, **{FIRMWARE: bits}).throttled() == found


def test_the_hottest_zone_counts_and_one_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    """In degrees Celsius."""
    zones = {f"sys/class/thermal/thermal_zone{n}/temp": text for n, text in enumerate(["48312", "", "61000"])}
    assert written(tmp_path, **zones).temperature_c() == 61.0


def test_a_machine_that_tells_nothing_is_no_error(tmp_path: Path) -> None:
    """Containers hide much of it."""
    machine = written(tmp_path, **{"proc/stat": "cpu 1 2\n"})
    assert (machine.processor_times(), machine.resident_mb(), machine.temperature_c()) == (None, None, None)
    assert machine.throttled() == Throttled()


def test_this_machine_is_busy_and_uses_memory() -> None:
    """The real /proc."""
    machine = Machine()
    busy, total = machine.processor_times() or (0, 0)
    assert 0 < busy <= total
    assert 1 < (machine.resident_mb() or 0) < 10_000
    error_s = clock_error_s()
    assert error_s is None or 0 <= error_s < 3600
