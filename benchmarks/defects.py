"""Are defects found by a model that saw good parts only, with a limit set without a defect?

Teaching, limit and scores are the product's; PatchCore-lite and PaDiM-lite get the same features and the usual limit,
mean + 3 standard deviations. Boards are held against their perfect twin. A limit of 5 % false alarms is asked for.
"""

import time
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score

from benchmarks.datasets import data_folder
from benchmarks.defects_boards import Boards, measure_boards
from benchmarks.defects_peers import judged, padim_lite, patchcore_lite
from benchmarks.defects_sets import LESSON, RATE, PartSet, free_graph, part_set, scored
from benchmarks.report import Figure, Options, Result, run
from vision_models.inference.arrays import Floats
from vision_models.inference.teaching import Taught, taught_from

SETS = ("cookie", "alien-toy", "magnetic-tile")
QUICK_PICTURES = 10
PEERS = {"PatchCore-lite": patchcore_lite, "PaDiM-lite": padim_lite}
HEADINGS = ("set and method", "taught", "good / flawed", "AUROC", "pixel AUROC", "recall", "false alarms", "CPU ms")


@dataclass(frozen=True)
class Outcome:
    """Of one method on one set. cpu_ms: of judging one part, without the network."""

    auroc: float
    recall: float
    false_alarms: float
    pixel_auroc: float | None = None
    cpu_ms: float | None = None


def measure(options: Options) -> Result:
    """Every set, ours and the peers."""
    vision, most = data_folder(options.data) / "vision", QUICK_PICTURES if options.quick else None
    graph = free_graph()
    figures: dict[str, Figure] = {}
    peers: dict[str, Figure] = {}
    rows: list[tuple[str, ...]] = [HEADINGS]
    for name in SETS[: 1 if options.quick else None]:
        parts = part_set(vision / name, graph, most)
        taught = taught_from(parts.taught, LESSON)
        ours, key = _ours(parts, taught), name.replace("-", "_")
        figures |= {f"{key}_auroc": ours.auroc, f"{key}_recall": ours.recall, f"{key}_false_alarms": ours.false_alarms}
        if ours.pixel_auroc is not None:
            figures[f"{key}_pixel_auroc"] = ours.pixel_auroc
        rows.append(_row(parts, "Tallyhouse", ours))
        for peer, learn in PEERS.items():
            found = judged(learn, parts.taught, parts.good, parts.flawed)
            outcome = _outcome(found.good / found.limit, found.flawed / found.limit)
            peers |= {f"{key}_auroc_{peer}": outcome.auroc, f"{key}_recall_{peer}": outcome.recall}
            rows.append(_row(parts, peer, outcome))
    boards = measure_boards(vision / "deeppcb", most)
    figures |= {"deeppcb_recall_at_1_false_region": _at_one(boards), "deeppcb_false_regions": round(boards.false_regions, 3)}
    peers["deeppcb_recall_grey_difference"] = round(boards.plain_recall, 4)
    notes = (
        f"limits: {RATE:.0%} false alarms from left-out scores; peers: mean + 3 sd of left-out scores",
        f"deeppcb: {boards.flaws} flaws on {boards.boards} boards: {boards.recall:.3f} found at {boards.false_regions:.2f}"
        f" false regions a board; grey difference {boards.plain_recall:.3f} at {boards.plain_false_regions:.2f}",
        "anomalib: not run",
    )
    return Result(figures, peers, rows, str(vision), notes)


def _ours(parts: PartSet, taught: Taught) -> Outcome:
    began_s = time.process_time()
    good, good_maps = scored(taught, parts.good)
    flawed, flawed_maps = scored(taught, parts.flawed)
    cpu_ms = 1000 * (time.process_time() - began_s) / (len(good) + len(flawed))
    return _outcome(good, flawed, _pixel_auroc(parts, good_maps, flawed_maps), cpu_ms)


def _outcome(good: Floats, flawed: Floats, pixel_auroc: float | None = None, cpu_ms: float | None = None) -> Outcome:
    """From scores in units of the limit."""
    truth = np.concatenate([np.zeros(len(good)), np.ones(len(flawed))])
    auroc = float(roc_auc_score(truth, np.concatenate([good, flawed])))
    recall, alarms = float((flawed > 1).mean()), float((good > 1).mean())
    return Outcome(round(auroc, 4), round(recall, 4), round(alarms, 4), pixel_auroc, cpu_ms)


def _pixel_auroc(parts: PartSet, good: list[Floats], flawed: list[Floats]) -> float | None:
    """Over the places of all parts, good ones too; a place is flawed when most of it is marked. None without marks."""
    if any(one is None for one in parts.places):
        return None
    high, wide = good[0].shape
    blocks = [one.reshape(high, one.shape[0] // high, wide, -1).mean(axis=(1, 3)) for one in parts.places if one is not None]
    truth = np.concatenate([np.zeros(len(good) * high * wide), np.concatenate([one.ravel() for one in blocks]) > 0.5])
    inside = np.concatenate([np.ones(len(good) * high * wide), np.concatenate([one.ravel() for one in blocks]) >= 0]) > 0
    values = np.concatenate([one.ravel() for one in (*good, *flawed)])
    return round(float(roc_auc_score(truth[inside], values[inside])), 4)


def _at_one(boards: Boards) -> float:
    """Recall, if it was reached with at most one false region a board, else 0."""
    return round(boards.recall, 4) if boards.false_regions <= 1 else 0.0


def _row(parts: PartSet, method: str, found: Outcome) -> tuple[str, ...]:
    pixel = "–" if found.pixel_auroc is None else f"{found.pixel_auroc:.3f}"
    cpu_ms = "–" if found.cpu_ms is None else f"{found.cpu_ms:.1f}"
    counts = f"{len(parts.good)} / {len(parts.flawed)}"
    shares = (f"{found.auroc:.3f}", pixel, f"{found.recall:.2f}", f"{found.false_alarms:.2f}", cpu_ms)
    return (f"{parts.name}: {method}", str(len(parts.taught)), counts, *shares)


if __name__ == "__main__":
    run("defects", __doc__.splitlines()[0], measure)
