"""How many are there: cartons on pallets and racks never seen, and a shop's shelf after five labelled frames.

Cartons: the shipped bundle with the rule in its manifest, on the captures of warehouse-boxes that neither taught it nor
chose any number of it. Shelves: the site calibration of the product, run as a site runs it (`tallyhouse-models train site`)
on five frames evenly spaced in the video (with --seed: five drawn at random), signed with a key of its own and judged on the
others. They are frames of one video, so the others show partly the same shelves as the five: another visit would be harder.
"""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

import vision_models
from benchmarks.datasets import data_folder, files
from benchmarks.report import Figure, Options, Result, run
from benchmarks.shelf_site import FRAMES, calibrated, chosen, trainer
from vision_models.evaluation.detection import CountFigures, count_figures
from vision_models.evaluation.table import counting
from vision_models.inference.picture_file import LARGEST_SIDE_PX
from vision_models.inference.shelf import ShelfDetector
from vision_models.training.datasets import by_capture, counts_in, labelled_picture

BUNDLE = Path(vision_models.__path__[0]) / "weights" / "shelf"
_QUICK_PICTURES = 6
_CITED = (
    ("YOLO11n from scratch, 16 CPU-min (cited, not run here)", "0.533", "6.66", "22 %"),
    ("YOLOv8n/s on a split that leaks (claimed by its author)", "0.82-0.84", "1.2-1.5", "70-75 % exact"),
)
Row = tuple[str, ...]


def measure(options: Options) -> Result:
    """Both sets; a set that is not there is said to be missing."""
    vision, detector = data_folder(options.data) / "vision", ShelfDetector.load(BUNDLE)
    boxes, peers, box_rows = _cartons(detector, vision / "warehouse-boxes", options.quick)
    shelves, shelf_peers, shelf_rows = _shelves(detector, vision / "grocery-store-shelves", options)
    rows = [("model, pictures", "AP50", "count MAE", "within one"), *box_rows, *shelf_rows]
    data = (
        "warehouse-boxes test (captures of their own); grocery-store-shelves: frames of one video, near copies of each other"
    )
    return Result(boxes | shelves, peers | shelf_peers, rows, data, (f"bundle {detector.model_id}",))


def _cartons(detector: ShelfDetector, folder: Path, quick: bool) -> tuple[dict[str, Figure], dict[str, Figure], list[Row]]:
    """The shipped bundle on unseen captures, and one constant for all."""
    paths = files(folder, "images/test/*.jpg")
    pictures = [
        labelled_picture(path, folder / "labels" / "test" / f"{path.stem}.txt", LARGEST_SIDE_PX)
        for path in paths[:: len(paths) // _QUICK_PICTURES if quick else 1]
    ]
    ap50, found = counting(detector, [(one.picture, one.boxes_px) for one in pictures])
    taught = [n for split in ("train", "train_more") for n in counts_in(folder / "labels" / split)]
    constant = _constant(round(median(taught)), [len(one.boxes_px) for one in pictures])
    rows = [_row(f"cartons, {len(pictures)}: shipped bundle", ap50, found)]
    for capture, some in sorted(by_capture(pictures).items()):
        rows.append(
            _row(f"  capture {capture}, {len(some)}", *counting(detector, [(one.picture, one.boxes_px) for one in some]))
        )
    rows += [
        _row(f"  always {round(median(taught))}, the median taught", None, constant),
        *(_indented(row) for row in _CITED),
    ]
    figures: dict[str, Figure] = {
        "boxes_ap50": round(ap50, 4),
        "boxes_count_mae": round(found.count_mae, 3),
        "boxes_within_one": round(found.within_one, 4),
        "boxes_bias": round(found.bias, 2),
    }
    return figures, {"boxes_constant_mae": round(constant.count_mae, 3)}, rows


def _shelves(
    detector: ShelfDetector, folder: Path, options: Options
) -> tuple[dict[str, Figure], dict[str, Figure], list[Row]]:
    """The shipped bundle as it is, a constant, and the bundle after five labelled frames."""
    pictures = files(folder, "images/*.jpg")
    labels = [folder / "labels" / f"{path.stem}.txt" for path in pictures]
    five = chosen(len(pictures), options.seed)
    shown = [labelled_picture(path, label, LARGEST_SIDE_PX) for path, label in zip(pictures, labels, strict=True)]
    rest = [(one.picture, one.boxes_px) for n, one in enumerate(shown) if n not in five]
    rest = rest[:_QUICK_PICTURES] if options.quick else rest
    true = [len(boxes) for _, boxes in rest]
    constant = _constant(round(median(len(shown[n].boxes_px) for n in five)), true)
    before = counting(detector, rest)
    rows = [
        _row(f"shelves, {len(rest)}: shipped bundle, nothing learnt", *before),
        _row(f"  the median of {FRAMES} labelled frames for all", None, constant),
    ]
    peers: dict[str, Figure] = {
        "shelves_constant_error": _share(constant, true),
        "shelves_untaught_error": _share(before[1], true),
        "shelves_retail_yolov5n_cited": 0.087,
    }
    if trainer() is None or options.quick:
        why = "not run: --quick" if options.quick else "not run: no training environment (scripts/test --train builds it)"
        return {"shelves_count_error": None}, peers, [*rows, (f"  after {FRAMES} labelled frames", why, "", "")]
    with TemporaryDirectory() as scratch:
        site = calibrated(BUNDLE, [(pictures[n], labels[n]) for n in five], Path(scratch))
        ap50, found = counting(site.detector, rest)
    rows.append(_row(f"  after {FRAMES} labelled frames, {site.cpu_s:.0f} CPU s", ap50, found))
    figures: dict[str, Figure] = {
        "shelves_count_error": _share(found, true),
        "shelves_ap50": round(ap50, 4),
        "shelves_calibration_cpu_s": round(site.cpu_s),
    }
    return figures, peers, rows


def _constant(count: int, true: Sequence[int]) -> CountFigures:
    return count_figures(np.full(len(true), count), np.array(true))


def _share(found: CountFigures, true: Sequence[int]) -> float:
    """Mean error of the count as a share of the mean true count."""
    return round(found.count_mae / float(np.mean(true)), 4)


def _row(name: str, ap50: float | None, found: CountFigures) -> Row:
    error = f"{found.count_mae:.2f} ({found.count_mae / max(found.mean_true, 1e-9):.1%})"
    return (name, "" if ap50 is None else f"{ap50:.3f}", error, f"{found.within_one:.1%}")


def _indented(row: Row) -> Row:
    return (f"  {row[0]}", *row[1:])


if __name__ == "__main__":
    run("shelf_count", "are cartons and goods counted right on pictures never seen?", measure)
