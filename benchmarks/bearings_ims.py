"""The IMS rig: four bearings over days, a row every ten minutes, through the agent's equipment task; which fails first?

Settings as a person would choose them for readings every ten minutes: a day to learn from, an hour's persistence, one false
alarm a month. Peer: EWMA of each channel's robust z against twice its maximum in the first fifth, an hour's persistence.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Figure
from edge_agent.errors import SampleRefused
from edge_agent.sample import Reading
from edge_agent.task import Context
from edge_agent.tasks.equipment_anomaly.settings import Settings
from edge_agent.tasks.equipment_anomaly.task import EquipmentAnomalyTask
from protocols.messages.equipment_anomaly import EquipmentAnomaly

SETTINGS = Settings(learn_s=86_400, window_s=3600, on_delay_s=3600, off_delay_s=7200, alarms_per_month=1)
FAILED = {1: (3, 4), 2: (1,), 3: (3,)}  # by test: what the readme of the data set says was found at its end
BEARINGS = 4
EWMA, PEER_TIMES, PEER_PERSISTENCE_ROWS, PEER_LEARNS = 0.1, 2.0, 6, 0.2
_TEST = re.compile(r"[Tt]est[_ ]?(\d)")
_TIME = "%Y.%m.%d.%H.%M.%S"


@dataclass(frozen=True)
class Rows:
    """One test: moments, and a column for each channel, (n, channels)."""

    test: int
    at: list[datetime]
    values: NDArray[np.float64]

    def bearing(self, channel: int) -> int:
        """Channels are dealt out to the four bearings in order, one or two to each."""
        return channel * BEARINGS // int(self.values.shape[1]) + 1

    def hours_left(self, row: int) -> float:
        """From a row to the end."""
        return (self.at[-1] - self.at[row]).total_seconds() / 3600


@dataclass(frozen=True)
class Alarm:
    """At which row, and which bearing was named first."""

    row: int
    bearing: int


@dataclass(frozen=True)
class Measured:
    """Parts of the result."""

    figures: dict[str, Figure]
    peers: dict[str, Figure]
    rows: list[list[str]]
    notes: tuple[str, ...]


def measured(files: Sequence[Path], is_quick: bool) -> Measured:
    """Every test that is there; the goals are those of test 2."""
    figures: dict[str, Figure] = {}
    peers: dict[str, Figure] = {}
    table: list[list[str]] = []
    for test in (_read(file) for file in files):
        alarms, peer = _product(test, is_quick), _peer(test)
        table.append(_line(f"IMS test {test.test}", test, alarms))
        table.append(_line(f"IMS test {test.test}, EWMA", test, peer))
        if test.test == 2 and not is_quick:
            figures = _figures(test, alarms)
            peers = {"ims_test2_ewma_lead_h": _lead_h(test, peer)}
    notes = ("IMS columns: alarms, first alarm h before the end, bearing named, right one, alarms in the first half, –",)
    return Measured(figures, peers, table, notes)


def _read(file: Path) -> Rows:
    found = _TEST.search(file.stem)
    with file.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.reader(lines))[1:]
    at = [datetime.strptime(row[0], _TIME).replace(tzinfo=UTC) for row in rows]
    values = np.array([[float(value) for value in row[1:]] for row in rows])
    return Rows(int(found[1]) if found else 0, at, values)


def _product(test: Rows, is_quick: bool) -> list[Alarm]:
    context = Context(source_id="rig", weights=Path(), profile=None, units={})
    task, alarms = EquipmentAnomalyTask(SETTINGS, context), []
    for row, (at, values) in enumerate(zip(test.at, test.values, strict=True)):
        if is_quick and row > 300:
            break
        told = {f"c{channel}": float(value) for channel, value in enumerate(values)}
        reading = Reading("rig", at, int((at - test.at[0]).total_seconds() * 1000), "ntp", "rig", told)
        try:
            found = [finding.data for finding in task.observe(reading)]
        except SampleRefused:
            continue
        onsets = [data for data in found if isinstance(data, EquipmentAnomaly) and data.phase == "onset"]
        alarms += [Alarm(row, test.bearing(int(one.channels[0].channel[1:]))) for one in onsets if one.subject == "machine"]
    return alarms


def _peer(test: Rows) -> list[Alarm]:
    learned = int(len(test.values) * PEER_LEARNS)
    centre = np.median(test.values[:learned], axis=0)
    width = 1.4826 * np.median(np.abs(test.values[:learned] - centre), axis=0)
    level = (test.values - centre) / width
    for row in range(1, len(level)):
        level[row] = (1 - EWMA) * level[row - 1] + EWMA * level[row]
    over = level > PEER_TIMES * level[:learned].max(axis=0)
    lasting = np.array([over[max(0, row - PEER_PERSISTENCE_ROWS + 1) : row + 1].all(axis=0) for row in range(len(over))])
    first = [(int(np.argmax(column)), channel) for channel, column in enumerate(lasting.T) if column[learned:].any()]
    return [Alarm(row, test.bearing(channel)) for row, channel in sorted(first)]


def _figures(test: Rows, alarms: list[Alarm]) -> dict[str, Figure]:
    return {
        "ims_test2_lead_h": _lead_h(test, alarms),
        "ims_false_alarms_first_half": _in_first_half(test, alarms),
        "ims_test2_right_bearing_first": int(bool(alarms) and alarms[0].bearing in FAILED[2]),
    }


def _lead_h(test: Rows, alarms: list[Alarm]) -> Figure:
    return round(test.hours_left(alarms[0].row), 1) if alarms else 0.0


def _in_first_half(test: Rows, alarms: list[Alarm]) -> int:
    return sum(test.hours_left(alarm.row) > test.hours_left(0) / 2 for alarm in alarms)


def _line(name: str, test: Rows, alarms: list[Alarm]) -> list[str]:
    if not alarms:
        return [name, "0", "–", "–", "–", "0", ""]
    right = "yes" if alarms[0].bearing in FAILED.get(test.test, ()) else "no"
    told = [str(len(alarms)), f"{_lead_h(test, alarms)} h", str(alarms[0].bearing), right]
    return [name, *told, str(_in_first_half(test, alarms)), ""]
