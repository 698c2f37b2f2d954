"""Supply networks: single-source facility location of Holmberg et al. (1999), and what is said where nothing is possible.

Every instance is solved to its proven optimum within 60 s; each also gets a variant that nothing can satisfy (seeded), whose
report must name reasons and a relaxation with which a design exists, which is checked by applying it and solving again.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.datasets import data_folder, files
from benchmarks.network_cases import Case, impossible, read
from benchmarks.report import Options, Result, run
from central.methods.network.infeasible import Prices, contradiction, relaxed
from central.methods.network.problem import Design, NoDesign
from central.methods.network.solving import designed

SEED = 20261124
TIME_S = 60.0
SAME = 1e-4
QUICK_CASES = 3


@dataclass(frozen=True)
class Solved:
    """One instance: whether its optimum was proven, how long that took, and whether its impossible variant was explained."""

    case: Case
    cost: float
    is_optimal: bool
    seconds: float
    variant: str
    reasons: int
    is_minimal: bool
    is_explained: bool


def measure(options: Options) -> Result:
    """Solve them all."""
    folder = data_folder(options.data) / "optimisation/supply_network/sscflp_holmberg"
    cases = read(files(folder, "p*"), folder / "optimal.csv")
    rng = np.random.default_rng(SEED if options.seed is None else options.seed)
    solved = [_solved(case, at, rng) for at, case in enumerate(cases[: QUICK_CASES if options.quick else None])]
    figures = {
        "cases": len(solved),
        "optimal_share": round(float(np.mean([each.is_optimal for each in solved])), 4),
        "slowest_s": round(max(each.seconds for each in solved), 1),
        "infeasible_explained": round(float(np.mean([each.is_explained for each in solved])), 4),
        "minimal_reasons_share": round(float(np.mean([each.is_minimal for each in solved])), 4),
    }
    return Result(figures, {}, _rows(solved), f"Holmberg, {len(solved)} of 71 instances", ("solver: HiGHS, one thread",))


def _solved(case: Case, number: int, rng: np.random.Generator) -> Solved:
    began_s = time.monotonic()
    design = designed(case.network, TIME_S)
    seconds = time.monotonic() - began_s
    cost = design.cost if isinstance(design, Design) else float("nan")
    is_optimal = isinstance(design, Design) and design.state == "optimal" and abs(cost - case.optimum) <= SAME * case.optimum
    variant, problem = impossible(case.network, number, rng)
    why = contradiction(problem, Prices())
    is_impossible = isinstance(designed(problem, TIME_S), NoDesign)
    works = isinstance(designed(relaxed(problem, why.relaxations), TIME_S), Design)
    is_explained = is_impossible and bool(why.reasons) and bool(why.relaxations) and works
    return Solved(case, cost, is_optimal, seconds, variant, len(why.reasons), why.is_minimal, is_explained)


def _rows(solved: Sequence[Solved]) -> list[list[str]]:
    headings = ["instance", "size", "cost", "optimum", "optimal", "s", "impossible variant", "reasons", "explained"]
    return [headings, *([*_row(each)] for each in solved)]


def _row(each: Solved) -> list[str]:
    case = each.case
    size = f"{len(case.network.facilities)}x{len(case.network.customers)}"
    said = "yes" if each.is_explained else "no"
    reasons = f"{each.reasons}{'' if each.is_minimal else ' (not proven fewest)'}"
    optimal = "yes" if each.is_optimal else "no"
    return [
        case.name,
        size,
        f"{each.cost:.0f}",
        f"{case.optimum:.0f}",
        optimal,
        f"{each.seconds:.1f}",
        each.variant,
        reasons,
        said,
    ]


if __name__ == "__main__":
    run("network", "are supply networks solved to the optimum, and impossible ones explained?", measure)
