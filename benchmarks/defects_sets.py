"""Pictures of good and of flawed parts, their features by the shipped network, and what the product makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx

from benchmarks.datasets import files
from vision_models.inference.arrays import Floats, Picture
from vision_models.inference.heatmap import top_mean
from vision_models.inference.manifest import InputSpec
from vision_models.inference.normality import calmed
from vision_models.inference.preprocess import read_picture
from vision_models.inference.session import Graph
from vision_models.inference.teaching import Lesson, Taught, features_of

GRAPH = Path(__file__).parents[1] / "vision_models" / "weights" / "defects" / "taps.onnx"
SIDE_PX = 256
RATE = 0.05
LESSON = Lesson(InputSpec(SIDE_PX, SIDE_PX, 114), is_aligned=False, kind="by_count", false_alarm_rate=RATE)


@dataclass(frozen=True)
class PartSet:
    """Features (n, h, w, c) of good parts to teach from, of good ones and flawed ones to judge. places: for each flawed part
    the true places (h, w) of its flaw on the picture as the network sees it, None where nobody marked them."""

    name: str
    taught: Floats
    good: Floats
    flawed: Floats
    places: list[Floats | None]


def free_graph() -> Graph:
    """The shipped network for pictures of any size: the same weights, with the sides of its input left open."""
    model = onnx.load(GRAPH)
    for value in (*model.graph.input, *model.graph.output):
        for place, name in ((2, "high"), (3, "wide")):
            value.type.tensor_type.shape.dim[place].Clear()
            value.type.tensor_type.shape.dim[place].dim_param = f"{value.name}_{name}"
    del model.graph.value_info[:]
    return Graph(model.SerializeToString(), GRAPH)


def part_set(folder: Path, graph: Graph, most: int | None = None) -> PartSet:
    """A set laid out as train/good, test/good, test/FLAW, ground_truth/FLAW. most: so many pictures of each. Raises
    DataMissing, PictureUnusable."""
    taught, good = (files(folder, pattern)[:most] for pattern in ("train/good/*.jpg", "test/good/*.jpg"))
    flawed = [path for path in files(folder, "test/*/*.jpg") if path.parent.name != "good"][:most]
    return PartSet(
        folder.name,
        _features(graph, taught),
        _features(graph, good),
        _features(graph, flawed),
        [_marked(path) for path in flawed],
    )


def scored(taught: Taught, features: Floats) -> tuple[Floats, list[Floats]]:
    """Scores in units of the limit (n,), and the maps, of parts (n, h, w, c)."""
    rules = taught.verdicts
    maps = [calmed(taught.normality.strangeness(one), rules.smoothing, rules.border) for one in features]
    return np.array([top_mean(one, rules.top_share) for one in maps], dtype=np.float32) / rules.score_limit, maps


def _features(graph: Graph, paths: Sequence[Path]) -> Floats:
    return np.stack([features_of(graph, read_picture(path), LESSON) for path in paths])


def _marked(path: Path) -> Floats | None:
    """The mask of a flaw, letterboxed as its picture is."""
    mask = path.parents[2] / "ground_truth" / path.parent.name / f"{path.stem}.png"
    if not mask.is_file():
        return None
    return _letterboxed(np.asarray(read_picture(mask).max(axis=2) > 127, dtype=np.uint8))


def _letterboxed(mask: Picture) -> Floats:
    rows, columns = mask.shape
    scale = SIDE_PX / max(rows, columns)
    high, wide = max(round(rows * scale), 1), max(round(columns * scale), 1)
    seen = np.full((SIDE_PX, SIDE_PX), -1, dtype=np.float32)  # outside of the picture nothing is true or false
    top, left = (SIDE_PX - high) // 2, (SIDE_PX - wide) // 2
    seen[top : top + high, left : left + wide] = cv2.resize(mask, (wide, high), interpolation=cv2.INTER_NEAREST)
    return seen
