"""Is the false-alarm rate that was asked for the one that comes?

Models are taught by random draws of the good pictures that a set has for teaching, and every good test picture is judged;
the share that fails, pooled over sets and draws, is held against what was promised. The peer promises the same by mean and
standard deviation of the same left-out scores and a normal table.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.datasets import data_folder
from benchmarks.defects_sets import LESSON, free_graph, part_set, scored
from benchmarks.report import Figure, Options, Result, run
from vision_models.inference.arrays import Floats
from vision_models.inference.limit import normal_scores
from vision_models.inference.teaching import taught_from

SETS = ("cookie", "alien-toy", "magnetic-tile")
DRAWS, QUICK_DRAWS, QUICK_PICTURES = 20, 2, 12
TAUGHT_SHARE, MOST_TAUGHT = 0.8, 24
PROMISED = {0.05: 1.6449, 0.10: 1.2816}  # with the deviations that the normal table gives
SEED = 20261124


def measure(options: Options) -> Result:
    """Promised against realised, for each set and pooled."""
    vision = data_folder(options.data) / "vision"
    graph, rng = free_graph(), np.random.default_rng(SEED if options.seed is None else options.seed)
    draws = QUICK_DRAWS if options.quick else DRAWS
    failed: dict[tuple[str, float, str], list[float]] = {}
    rows: list[Sequence[str]] = [("set", "promised", "realised", "over promised", "mean and sd: realised", "judged")]
    judged: dict[str, int] = {}
    for name in SETS[: 1 if options.quick else None]:
        parts = part_set(vision / name, graph, QUICK_PICTURES if options.quick else None)
        count = min(round(TAUGHT_SHARE * len(parts.taught)), MOST_TAUGHT)
        for _ in range(draws):
            chosen = parts.taught[rng.permutation(len(parts.taught))[:count]]
            for key, share in _realised(chosen, parts.good).items():
                failed.setdefault((name, *key), []).append(share * len(parts.good))
        judged[name] = draws * len(parts.good)
        rows += [_row(name, rate, failed, [name], judged) for rate in PROMISED]
    rows += [_row("pooled", rate, failed, list(judged), judged) for rate in PROMISED]
    ratios = [_share(failed, list(judged), judged, rate, "ours") / rate for rate in PROMISED]
    figures: dict[str, Figure] = {
        "draws": draws,
        "realised_over_promised_max": round(max(ratios), 3),
        "realised_over_promised_min": round(min(ratios), 3),
    }
    peers: dict[str, Figure] = {
        f"mean_and_sd_over_promised_{rate:.2f}": round(_share(failed, list(judged), judged, rate, "plain") / rate, 3)
        for rate in PROMISED
    }
    return Result(figures, peers, rows, str(vision))


def _realised(taught: Floats, good: Floats) -> dict[tuple[float, str], float]:
    """Share of good parts that fail, by promised rate and whose limit."""
    lesson = taught_from(taught, replace(LESSON, false_alarm_rate=min(PROMISED)))
    scores = scored(lesson, good)[0] * lesson.verdicts.score_limit
    left_out = lesson.normality.taught_scores
    shares: dict[tuple[float, str], float] = {}
    for rate, deviations in PROMISED.items():
        shares[rate, "ours"] = float((scores > normal_scores(left_out).limit(rate)).mean())
        shares[rate, "plain"] = float((scores > left_out.mean() + deviations * left_out.std(ddof=1)).mean())
    return shares


def _share(
    failed: dict[tuple[str, float, str], list[float]], names: list[str], judged: dict[str, int], rate: float, whose: str
) -> float:
    return sum(sum(failed[name, rate, whose]) for name in names) / sum(judged[name] for name in names)


def _row(
    label: str,
    rate: float,
    failed: dict[tuple[str, float, str], list[float]],
    names: list[str],
    judged: dict[str, int],
) -> tuple[str, ...]:
    ours, plain = (_share(failed, names, judged, rate, whose) for whose in ("ours", "plain"))
    total = str(sum(judged[name] for name in names))
    return (label, f"{rate:.0%}", f"{ours:.1%}", f"{ours / rate:.2f}", f"{plain:.1%}", total)


if __name__ == "__main__":
    run("calibration", __doc__.splitlines()[0], measure)
