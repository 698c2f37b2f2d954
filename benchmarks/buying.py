"""How good, how quick and how lawful is a buying plan of ten thousand items with one budget? Cases made from seeds.

Items with demand of all sizes, one to three suppliers each; packs, layers, least and most quantities, price breaks, shelf
life, containers, least order values, order days; money for 60 % of what a plan without a budget would spend. Cost is of
orders, of holding and of shortage, with what is paid beyond value. Peer: marginal value for money, on the same options. An
independent checker goes over every plan; the bound is that of the priced relaxation over all options.
"""

import time

import numpy as np

from benchmarks.report import Figure, Options, Result, run
from central.methods.buying.checker import faults
from central.methods.buying.planning import greedy_plan, planned
from central.methods.buying.problem import Need, Offer, Plan, Problem, Supplier, cost_of

LINES, QUICK_LINES = 10_000, 400
LINES_A_SUPPLIER = 50
MONEY_SHARE = 0.6
SEEDS = (1, 2, 3)


def measure(options: Options) -> Result:
    """Each seed's plan and its peer."""
    lines = QUICK_LINES if options.quick else LINES
    seeds = SEEDS[:1] if options.quick else SEEDS if options.seed is None else (options.seed,)
    rows = [["case", "way", "cost", "spent of budget", "gap", "seconds", "CPU s", "violations"]]
    found: list[tuple[float, float, float, int, float]] = []
    for seed in seeds:
        problem = made(lines, seed)
        began, cpu = time.monotonic(), time.process_time()
        plan = planned(problem)
        seconds, cpu_s = time.monotonic() - began, time.process_time() - cpu
        began, cpu = time.monotonic(), time.process_time()
        peer = greedy_plan(problem)
        rows.append(_row(seed, "tallyhouse", problem, plan, (seconds, cpu_s)))
        rows.append(_row(seed, "greedy", problem, peer, (time.monotonic() - began, time.process_time() - cpu)))
        broken = len(faults(problem, plan.purchases))
        found.append((seconds, plan.cost / peer.cost, plan.gap, broken, cost_of(problem, ())[0] / peer.cost))
    seconds_of, over, gaps, broken_of, nothing = zip(*found, strict=True)
    figures: dict[str, Figure] = {
        "lines": lines,
        "seconds": round(max(seconds_of), 2),
        "cost_over_greedy": round(max(over), 4),
        "violations": sum(broken_of),
        "gap": round(max(gaps), 4),
    }
    return Result(figures, {"greedy": 1.0, "nothing_bought": round(min(nothing), 2)}, rows)


def made(lines: int, seed: int) -> Problem:
    """A house of so many items, with a budget that does not reach."""
    rng = np.random.default_rng(seed)
    suppliers = {f"s{number}": _supplier(f"s{number}", rng) for number in range(max(lines // LINES_A_SUPPLIER, 2))}
    needs = [_need(f"i{number}", list(suppliers), rng) for number in range(lines)]
    free = planned(Problem(needs[: min(lines, 2000)], suppliers))
    return Problem(needs, suppliers, budget=MONEY_SHARE * free.spend * lines / min(lines, 2000))


def _supplier(name: str, rng: np.random.Generator) -> Supplier:
    return Supplier(
        name=name,
        order_cost=float(rng.uniform(20, 150)),
        least_value=float(rng.choice([0, 200, 1000, 3000])),
        container=float(rng.choice([20.0, 60.0])) if rng.random() < 0.15 else None,
        least_fill=0.6,
        may_order=bool(rng.random() > 0.1),
    )


def _need(sku: str, names: list[str], rng: np.random.Generator) -> Need:
    mean, value, wait_d = float(rng.lognormal(3, 1.2)), float(rng.lognormal(1.5, 1)), float(rng.integers(3, 60))
    mean_sd = mean * float(rng.uniform(0.25, 1.2))
    chosen = rng.choice(len(names), size=min(int(rng.integers(1, 4)), len(names)), replace=False)
    return Need(
        sku=sku,
        position=float(np.round(mean * rng.uniform(0, 1.3))),
        mean=mean,
        sd=mean_sd,
        wait_d=wait_d,
        value=value,
        holding=value * 0.25 * wait_d / 365 + 0.01,
        shortage=value * float(rng.uniform(0.2, 0.8)),
        offers=[_offer(names[each], mean, value, wait_d, rng) for each in chosen],
    )


def _offer(supplier: str, mean: float, value: float, wait_d: float, rng: np.random.Generator) -> Offer:
    price = value * float(rng.uniform(1.0, 1.12))
    step = int(rng.choice([1, 6, 12, 24, 48]))
    return Offer(
        supplier=supplier,
        price=price,
        price_breaks=((int(np.ceil(mean)), max(price * 0.97, value)), (int(np.ceil(3 * mean)), max(price * 0.94, value)))
        if rng.random() < 0.3
        else (),
        least=int(rng.choice([1, 1, 10, 50])),
        step=step,
        most=step * int(rng.integers(2, 60)) if rng.random() < 0.2 else None,
        extra=value * float(rng.uniform(0, 0.05)),
        volume=float(rng.uniform(0.002, 0.05)),
        life_d=wait_d * float(rng.uniform(0.8, 5)) if rng.random() < 0.2 else None,
    )


def _row(seed: int, way: str, problem: Problem, plan: Plan, took: tuple[float, float]) -> list[str]:
    broken = len(faults(problem, plan.purchases))
    spent = plan.spend / (problem.budget or plan.spend or 1.0)
    gap = f"{plan.gap:.2%}" if np.isfinite(plan.bound) else "–"
    return [f"seed {seed}", way, f"{plan.cost:,.0f}", f"{spent:.1%}", gap, f"{took[0]:.1f}", f"{took[1]:.1f}", str(broken)]


if __name__ == "__main__":
    run("buying", "How good, quick and lawful is a plan of ten thousand lines with one budget?", measure)
