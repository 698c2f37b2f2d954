"""What the doctor says of a machine whose kernel tells of heat and a weak supply."""

from pathlib import Path

import pytest

from edge_agent.clock import DeviceClock
from edge_agent.config import EdgeConfig
from edge_agent.doctor.check import Check
from edge_agent.doctor.machine import COOLING, SUPPLY, machine_checks
from edge_agent.machine import Machine

FIRMWARE = "sys/devices/platform/soc/soc:firmware/get_throttled"
ZONE = "sys/class/thermal/thermal_zone0/temp"


def found(tmp_path: Path, **files: str) -> dict[str, Check]:
    """The checks by name, of a machine whose kernel tells these."""
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    config = EdgeConfig(site="s1", device="eye-01", key_file=tmp_path / "key", centre_key="none", data_dir=tmp_path)
    return {check.name: check for check in machine_checks(config, DeviceClock("b1"), Machine(tmp_path))}


@pytest.mark.parametrize(
    ("bits", "ok", "says", "remedy"),
    [
        ("0", True, "nothing holds", None),
        ("50005", False, "under voltage now", SUPPLY),
        ("40000", False, "throttled since the last boot", COOLING),
    ],
)
def test_a_weak_supply_and_heat_have_their_remedies(
    tmp_path: Path, bits: str, ok: bool, says: str, remedy: str | None
) -> None:
    """Now, or earlier in this boot."""
    check = found(tmp_path, **{FIRMWARE: bits})["supply"]
    assert (check.ok, check.remedy) == (ok, remedy)
    assert says in check.text


def test_a_hot_machine_is_told_apart_from_one_without_a_thermometer(tmp_path: Path) -> None:
    """Neither is an error."""
    assert found(tmp_path)["heat"].ok
    hot = found(tmp_path, **{ZONE: "81000"})["heat"]
    assert (hot.ok, hot.text, hot.remedy) == (False, "81 °C", COOLING)
