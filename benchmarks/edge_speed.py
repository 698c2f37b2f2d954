"""What does a defect verdict and a count cost a device, and what does our code add to the network?

CPU milliseconds of one thread, from the camera's picture to the verdict or the count, medians over pictures: parts as the
simulator shows them (the shipped inspector was taught such) and photos of warehouse-boxes/test, or rendered shelves where
that folder is not there. Over bare ONNX Runtime: our call of each shipped graph against `InferenceSession.run` on the same
array with the same options and thread, in turn, the larger of the two ratios. The bundle is every file that ships in
`vision_models/weights`.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median

import onnxruntime as ort

import vision_models
from benchmarks.datasets import DataMissing, data_folder, files
from benchmarks.report import Options, Result, run
from firmware_sim.render.picture_set import part_picture, shelf_pictures
from vision_models.inference.arrays import Floats, Picture
from vision_models.inference.defects import DefectDetector
from vision_models.inference.manifest import Bundle, read_bundle
from vision_models.inference.preprocess import read_picture
from vision_models.inference.session import Graph, golden_blob, session_options
from vision_models.inference.shelf import ShelfDetector

WEIGHTS = Path(vision_models.__file__).parent / "weights"
PICTURES, QUICK_PICTURES = 60, 3
RUNS, QUICK_RUNS = 200, 3
PARTS_SEED, SHELVES_SEED = 71_000_000, 72_000_000


def measure(options: Options) -> Result:
    """All four figures."""
    pictures, runs = (QUICK_PICTURES, QUICK_RUNS) if options.quick else (PICTURES, RUNS)
    verdict_ms = cpu_ms(DefectDetector.load(WEIGHTS / "defects").inspect, parts(pictures))
    photos, told = shelves(options.data, pictures)
    count_ms = cpu_ms(ShelfDetector.load(WEIGHTS / "shelf").detect, photos)
    calls = {name: both_calls_ms(read_bundle(WEIGHTS / name), runs) for name in ("defects", "shelf")}
    over = {name: ours / bare for name, (ours, bare) in calls.items()}
    bundle_mb = sum(path.stat().st_size for path in WEIGHTS.rglob("*") if path.is_file()) / 1e6
    return Result(
        figures={
            "cpu_ms_per_verdict": round(verdict_ms, 2),
            "cpu_ms_per_count": round(count_ms, 2),
            "over_bare_onnxruntime": round(max(over.values()), 3),
            "bundle_mb": round(bundle_mb, 2),
        },
        peers={f"bare_onnxruntime_{name}_ms": round(bare, 2) for name, (_, bare) in calls.items()},
        rows=[
            ["one thread", "CPU ms", "the network alone, bare", "our call over bare"],
            ["a defect verdict", f"{verdict_ms:.1f}", f"{calls['defects'][1]:.1f}", f"{over['defects']:.3f}"],
            ["a count", f"{count_ms:.1f}", f"{calls['shelf'][1]:.1f}", f"{over['shelf']:.3f}"],
            ["models that ship", f"{bundle_mb:.2f} MB", "", ""],
        ],
        data=told,
    )


def cpu_ms(look: Callable[[Picture], object], pictures: Sequence[Picture]) -> float:
    """The median over pictures, after a first look that warms up."""
    look(pictures[0])
    return median(_timed_ms(partial(look, picture)) for picture in pictures)


def both_calls_ms(bundle: Bundle, runs: int) -> tuple[float, float]:
    """Medians of our call and the bare one, taken in turn, on the array of the golden picture."""
    content = bundle.contents[bundle.manifest.graph]
    graph = Graph(content, bundle.folder / bundle.manifest.graph)
    bare = ort.InferenceSession(content, session_options(1), providers=["CPUExecutionProvider"])
    name, blob = bare.get_inputs()[0].name, golden_blob(bundle.manifest.input)
    ours_ms, bare_ms = zip(*_in_turn(lambda: graph.run(blob), lambda: bare.run(None, {name: blob}), runs), strict=True)
    return median(ours_ms), median(bare_ms)


def _in_turn(ours: Callable[[], dict[str, Floats]], bare: Callable[[], object], runs: int) -> Iterator[tuple[float, float]]:
    """Pairs of times; who goes first changes, so that neither always finds the caches warm."""
    ours(), bare()
    for number in range(runs):
        if number % 2:
            bare_ms = _timed_ms(bare)
            yield _timed_ms(ours), bare_ms
        else:
            yield _timed_ms(ours), _timed_ms(bare)


def parts(count: int) -> list[Picture]:
    """Good parts and flawed ones in turn."""
    return [part_picture(PARTS_SEED, number, "scratch" if number % 2 else None).frame for number in range(count)]


def shelves(data: Path | None, count: int) -> tuple[list[Picture], str]:
    """Photos of pallets, else rendered shelves; and what they are."""
    try:
        found = files(data_folder(data) / "vision" / "warehouse-boxes", "images/test/*.jpg")
    except DataMissing:
        return [shown.picture for shown in islice(shelf_pictures(SHELVES_SEED, count), count)], "rendered parts and shelves"
    return [read_picture(path) for path in found[:count]], "rendered parts, photos of warehouse-boxes/test"


def _timed_ms(work: Callable[[], object]) -> float:
    began_s = time.process_time()
    work()
    return (time.process_time() - began_s) * 1000


if __name__ == "__main__":
    run("edge_speed", "what does a verdict and a count cost, and what do we add to the network?", measure)
