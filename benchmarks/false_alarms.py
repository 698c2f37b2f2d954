"""Is the budget of false alarms kept? Fault-free machines for a month, at a budget of one and of four alarms a month each.

Four classes of machines, each different from seeds, with shifts, runs and rests, load cycles, days and weather; every start
is one more chance to be wrong. Readings come from the simulator's physics through the registers of each sensor profile. The
settings are the product's defaults; learning takes a day, as a site would let it. Each onset is a false alarm, of the
machine or of a sensor; the first day, in which only engineering limits speak, counts as well.
"""

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.machines import fleet, readings
from benchmarks.machines_monitor import Said, TableMonitor
from benchmarks.report import Figure, Options, Result, run
from edge_agent.tasks.equipment_anomaly.settings import Settings
from firmware_sim.scene import Machine
from firmware_sim.world.course import started
from protocols.sensor_profiles.profile import load

LEARN_S, STEP_S, DAY_S, MONTH_DAYS = 86_400.0, 10.0, 86_400.0, 30
BUDGETS = (1.0, 4.0)
ASSETS, SEED = 50, 20_261_124
QUICK_ASSETS, QUICK_DAYS = 4, 2
PROCESSES = 2


def settings(alarms_a_month: float) -> Settings:
    """The product's defaults but for the budget and the learning time: those of the benchmark of faults, too."""
    return Settings(learn_s=LEARN_S, alarms_per_month=alarms_a_month)


@dataclass(frozen=True)
class Month:
    """What was said of one healthy machine. onsets: (day, subject, rule, first channel) of each false alarm."""

    machine: str
    budget: float
    days: int
    rows: int
    together: int
    onsets: tuple[tuple[int, str, str, str], ...]
    open_s: float


def measure(options: Options) -> Result:
    """Every machine at every budget."""
    assets, days = (QUICK_ASSETS, QUICK_DAYS) if options.quick else (ASSETS, MONTH_DAYS)
    machines = fleet(assets, SEED)
    with ProcessPoolExecutor(PROCESSES) as pool:
        jobs = [pool.submit(month, machine, place, days) for place, machine in enumerate(machines)]
        months = [each for job in track(jobs, "machines", console=Console(stderr=True)) for each in job.result()]
    return result(months, assets, days)


def month(machine: Machine, place: int, days: int) -> list[Month]:
    """One machine, the same readings at each budget, a day at a time."""
    profile, rng = load(machine.profile), np.random.default_rng([SEED, place])
    monitors = {budget: TableMonitor(machine.id, profile, settings(budget)) for budget in BUDGETS}
    said: dict[float, list[Said]] = {budget: [] for budget in BUDGETS}
    heat, rows = started(machine, 0.0), int(DAY_S / STEP_S)
    for day in range(days):
        times_s = np.asarray(day * DAY_S + STEP_S * np.arange(1, rows + 1), np.float64)
        values, course = readings(machine, times_s, heat, rng)
        heat = course.heat
        for budget, monitor in monitors.items():
            said[budget] += monitor.show(times_s, values)
    return [
        _summed(machine.id, budget, days, rows * days, monitors[budget].rows_in_blocks, said[budget]) for budget in BUDGETS
    ]


def _summed(machine: str, budget: float, days: int, rows: int, together: int, said: list[Said]) -> Month:
    onsets = [each for each in said if each.anomaly.phase == "onset"]
    ends = {(each.anomaly.subject, each.anomaly.since): each.time_s for each in said if each.anomaly.phase == "end"}
    lasted_s = [ends.get((each.anomaly.subject, each.anomaly.since), days * DAY_S) - each.time_s for each in onsets]
    told = [
        (int(each.time_s / DAY_S), each.anomaly.subject, each.anomaly.rule, each.anomaly.channels[0].channel)
        for each in onsets
    ]
    return Month(machine, budget, days, rows, together, tuple(told), sum(lasted_s))


def result(months: list[Month], assets: int, days: int) -> Result:
    """Realised over budget, pooled over all machines of a budget; by class and by rule for those who look for causes."""
    over = {budget: _over([each for each in months if each.budget == budget]) for budget in BUDGETS}
    figures: dict[str, Figure] = {
        "asset_days": assets * days,
        "realised_over_budget_max": round(max(over.values()), 3),
        "realised_over_budget_min": round(min(over.values()), 3),
        **{f"realised_over_budget_{budget:g}": round(ratio, 3) for budget, ratio in over.items()},
    }
    rows = [["machines", *(f"alarms at {budget:g} a month" for budget in BUDGETS), *(f"over {b:g}" for b in BUDGETS)]]
    for name in ("conveyor", "pump", "compressor", "fan", ""):
        own = {b: [each for each in months if each.budget == b and each.machine.startswith(name)] for b in BUDGETS}
        counts = [str(sum(len(each.onsets) for each in own[budget])) for budget in BUDGETS]
        rows.append([name or "all", *counts, *(f"{_over(own[budget]):.2f}" for budget in BUDGETS)])
    shown, together = sum(each.rows for each in months), sum(each.together for each in months)
    notes = [
        f"a reading each {STEP_S:g} s, {LEARN_S / 3600:g} h to learn; {shown:,} readings, {together / shown:.0%} in blocks",
        *(_causes(budget, [each for each in months if each.budget == budget]) for budget in BUDGETS),
    ]
    return Result(figures, {}, rows, f"{assets} machines x {days} days, seed {SEED}", notes)


def _over(months: list[Month]) -> float:
    budget = sum(each.budget * each.days / MONTH_DAYS for each in months)
    return sum(len(each.onsets) for each in months) / budget if budget else 0.0


def _causes(budget: float, months: list[Month]) -> str:
    told = Counter(f"{subject} {rule} {channel}" for each in months for _, subject, rule, channel in each.onsets)
    days = Counter(min(day, 7) for each in months for day, *_ in each.onsets)
    by_day = " ".join(f"{days[day]}" for day in range(8))
    worst = max(months, key=lambda each: len(each.onsets))
    open_share = sum(each.open_s for each in months) / sum(each.days * DAY_S for each in months)
    most = ", ".join(f"{name} {count}" for name, count in told.most_common(6))
    return (
        f"at {budget:g}: by day 0..6 and later {by_day}; worst {worst.machine} {len(worst.onsets)}; "
        f"open {open_share:.1%} of the time; {most}"
    )


if __name__ == "__main__":
    run("false_alarms", "is the budget of false alarms kept?", measure)
