"""Are faults found, the right channel named first, and sensors not mistaken for machines? With the limits of `false_alarms`.

Machines of every class, from seeds that nothing was set by, learn as in `false_alarms` and run healthily for a week, at a
budget of one false alarm a month (the stricter of the two; the other stands beside). Then each has every fault that it can
have, one at a time, each continuing from the same saved state. One case in eight goes over Modbus TCP, through the
simulator's server and the agent's source; the others through the same registers without the wire.

Found: an onset, of machine or sensor, while the fault lasts. Right first: the first channel of the first onset is one that
the fault moves. Sensor called machine: any onset of the machine while only a sensor is at fault; a bias or a drift that a
machine could have, too, counts like all others.
"""

import statistics
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.false_alarms import BUDGETS, DAY_S, PROCESSES, STEP_S, settings
from benchmarks.machines import fleet, readings
from benchmarks.machines_cases import Case, cases
from benchmarks.machines_lines import Registers, wired
from benchmarks.machines_monitor import Said, TableMonitor, told
from benchmarks.report import Figure, Options, Result, run
from edge_agent.tasks.equipment_anomaly import snapshot
from edge_agent.tasks.equipment_anomaly.snapshot import Snapshot
from firmware_sim.scene import Machine
from firmware_sim.world.course import started
from firmware_sim.world.machine import Heat
from firmware_sim.world.warehouse import Warehouse
from protocols.sensor_profiles.profile import load

MACHINES, SEED, HEALTHY_DAYS, WIRED_EACH = 16, 90_210, 7, 8
QUICK_MACHINES, QUICK_DAYS, QUICK_CASES = 2, 1, 5
LEAD_S = 1_800.0  # healthy readings through the same line before the fault
DOUBTFUL = ("bias", "drift")  # kinds that one channel alone cannot tell from a change of the machine


@dataclass(frozen=True)
class Outcome:
    """What was said of a case. delay_s: until the first onset, None when there was none."""

    kind: str
    machine: str
    budget: float
    is_sensor: bool
    is_wired: bool
    delay_s: float | None
    is_right_first: bool
    called_machine: bool
    was_open: bool
    told: str


def measure(options: Options) -> Result:
    """Every case at both budgets."""
    count, days = (QUICK_MACHINES, QUICK_DAYS) if options.quick else (MACHINES, HEALTHY_DAYS)
    seed = SEED if options.seed is None else options.seed
    with ProcessPoolExecutor(PROCESSES) as pool:
        jobs = [
            pool.submit(outcomes, machine, place, days, seed, options.quick)
            for place, machine in enumerate(fleet(count, seed))
        ]
        found = [each for job in track(jobs, "machines", console=Console(stderr=True)) for each in job.result()]
    return result(found, f"{count} machines, {days} days healthy before, seed {seed}")


def outcomes(machine: Machine, place: int, days: int, seed: int, is_quick: bool) -> list[Outcome]:
    """All cases of one machine, from the state it has after its healthy days."""
    chosen = cases(machine, days, seed * 1000 + place)
    chosen = chosen[:: max(1, len(chosen) // QUICK_CASES)] if is_quick else chosen
    found = []
    for budget in BUDGETS[:1] if is_quick else BUDGETS:
        learned, heat = _learned(machine, days, budget, np.random.default_rng([seed, place]))
        for number, case in enumerate(chosen):
            is_wired = (place * len(chosen) + number) % WIRED_EACH == 0
            found.append(_outcome(case, budget, *_heard(case, budget, learned, heat, days * DAY_S, is_wired)))
    return found


def _learned(machine: Machine, days: int, budget: float, rng: np.random.Generator) -> tuple[bytes, Heat]:
    """The saved state after so many healthy days, and how warm the machine is then."""
    monitor, heat = TableMonitor(machine.id, load(machine.profile), settings(budget)), started(machine, 0.0)
    for day in range(days):
        heat = _healthy(machine, monitor, heat, day * DAY_S, (day + 1) * DAY_S, rng)
    return snapshot.written(Snapshot(settings(budget).learn_s, {machine.id: [monitor.saved()]})), heat


def _healthy(
    machine: Machine, monitor: TableMonitor, heat: Heat, from_s: float, to_s: float, rng: np.random.Generator
) -> Heat:
    times_s = np.asarray(np.arange(from_s + STEP_S, to_s + STEP_S / 2, STEP_S), np.float64)
    values, course = readings(machine, times_s, heat, rng)
    monitor.show(times_s, values)
    return course.heat


def _heard(
    case: Case, budget: float, learned: bytes, heat: Heat, now_s: float, is_wired: bool
) -> tuple[list[Said], bool, bool]:
    """What is said from shortly before the fault to its end; whether an anomaly was open when it began; over the wire?"""
    machine, lead_s = case.machine, STEP_S * round((case.begins_s - LEAD_S) / STEP_S)
    state = snapshot.read(learned).assets[machine.id][0]
    monitor = TableMonitor(machine.id, load(machine.profile), settings(budget), state)
    heat = _healthy(machine, monitor, heat, now_s, lead_s, np.random.default_rng([case.seed, 1]))
    world = Warehouse(case.scene(), case.seed, lead_s, STEP_S)
    world.machines = (replace(world.machines[0], heat=heat),)
    said, was_open = list[Said](), False
    with wired(world) if is_wired else nullcontext(Registers(world)) as line:
        while world.time_s < case.ends_s:
            world.advance(world.time_s + STEP_S)
            if world.time_s <= case.begins_s:
                monitor.observe(line.read())
                was_open = monitor.state.machine.is_open
            else:
                said += told(world.time_s, monitor.observe(line.read()))
    return said, was_open, is_wired


def _outcome(case: Case, budget: float, said: list[Said], was_open: bool, is_wired: bool) -> Outcome:
    onsets = [each for each in said if each.anomaly.phase == "onset"]
    first = onsets[0] if onsets else None
    named = "" if first is None else first.anomaly.channels[0].channel
    return Outcome(
        case.kind,
        case.machine.id,
        budget,
        case.is_sensor,
        is_wired,
        None if first is None else first.time_s - case.begins_s,
        named in case.signs,
        case.is_sensor and any(each.anomaly.subject == "machine" for each in onsets),
        was_open,
        "" if first is None else f"{first.anomaly.subject} {first.anomaly.rule} {named}",
    )


def result(found: list[Outcome], data: str) -> Result:
    """Shares over all cases at the stricter budget; the delay of every kind of fault."""
    strict = [each for each in found if each.budget == BUDGETS[0]]
    loose = [each for each in found if each.budget == BUDGETS[1]]
    headings = ["fault", "cases", "found", "right first", "called machine", "median delay", "longest", "said first"]
    kinds = sorted({each.kind for each in strict}, key=lambda kind: (_is_sensor(strict, kind), kind))
    rows = [headings, *(_row(kind, [each for each in strict if each.kind == kind]) for kind in kinds)]
    over_wire = sum(each.is_wired for each in strict)
    notes = [f"{over_wire} cases over Modbus TCP, {len(strict) - over_wire} through the registers alone"]
    notes.append(f"{sum(each.was_open for each in strict)} began while a false alarm was open; a reading each {STEP_S:g} s")
    misses = [f"{each.kind} of {each.machine}" for each in strict if each.delay_s is None]
    notes.append(f"not found: {', '.join(misses) or 'none'}")
    peers = {f"{name}_at_{BUDGETS[1]:g}": value for name, value in _figures(loose).items()} if loose else {}
    return Result(_figures(strict), peers, rows, data, notes)


def _figures(found: Sequence[Outcome]) -> dict[str, Figure]:
    caught = [each for each in found if each.delay_s is not None]
    sensors = [each for each in found if each.is_sensor]
    certain = [each for each in sensors if each.kind not in DOUBTFUL]
    return {
        "cases": len(found),
        "found": _share(len(caught), len(found)),
        "right_channel_first": _share(sum(each.is_right_first for each in caught), len(caught)),
        "sensor_called_machine": _share(sum(each.called_machine for each in sensors), len(sensors)),
        "sensor_called_machine_but_bias_and_drift": _share(sum(each.called_machine for each in certain), len(certain)),
    }


def _row(kind: str, own: list[Outcome]) -> list[str]:
    delays = [each.delay_s for each in own if each.delay_s is not None]
    said = statistics.mode(each.told for each in own if each.told) if delays else ""
    right, called = sum(each.is_right_first for each in own), sum(each.called_machine for each in own)
    shares = [str(len(own)), str(len(delays)), str(right), str(called) if own[0].is_sensor else ""]
    return [kind, *shares, *(_minutes(each(delays)) if delays else "" for each in (statistics.median, max)), said]


def _is_sensor(found: list[Outcome], kind: str) -> bool:
    return any(each.is_sensor for each in found if each.kind == kind)


def _minutes(delay_s: float) -> str:
    return f"{delay_s / 60:.1f} min" if delay_s >= 60 else f"{delay_s:.0f} s"


def _share(part: int, whole: int) -> Figure:
    return round(part / whole, 4) if whole else None


if __name__ == "__main__":
    run("faults", "are faults found, and the right channel named first?", measure)
