"""Printed boards beside a perfect one: how many marked flaws are found, and how many regions are none."""

import re
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import files
from vision_models.inference.detections import Detections, no_detections, one_class
from vision_models.inference.golden_template import Tolerance, differences
from vision_models.inference.preprocess import read_picture

SET_ON = 10  # the first boards by name, on which the tolerance was chosen: they are not measured
REACH_PX = 3


@dataclass(frozen=True)
class Boards:
    """flaws: marked on all boards together; false_regions: a board. plain_*: of a difference of grey levels."""

    boards: int
    flaws: int
    recall: float
    false_regions: float
    plain_recall: float
    plain_false_regions: float


def measure_boards(folder: Path, most: int | None) -> Boards:
    """The boards of a folder that the tolerance was not chosen on. Raises DataMissing, PictureUnusable."""
    paths = files(folder, "*_test.jpg")[SET_ON:][:most]
    ours, plain = np.zeros(3), np.zeros(3)
    for path in paths:
        picture, template = read_picture(path), read_picture(path.with_name(path.name.replace("_test", "_temp")))
        marked = _marked(path.with_name(path.name.replace("_test.jpg", ".txt")))
        ours += _matched(differences(picture, template, Tolerance()), marked)
        plain += _matched(_plain(picture, template), marked)
    return Boards(len(paths), int(ours[1]), *_shares(ours, len(paths)), *_shares(plain, len(paths)))


def _shares(counts: NDArray[np.float64], boards: int) -> tuple[float, float]:
    return float(counts[0] / counts[1]), float(counts[2] / boards)


def _plain(picture: NDArray[np.uint8], template: NDArray[np.uint8]) -> Detections:
    """The peer: the same without registration and with no tolerance at edges but an opening of 3 x 3 pixels."""
    apart = cv2.absdiff(picture, template).max(axis=2) > 80
    opened = cv2.morphologyEx(apart.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=8)
    if count < 2:
        return no_detections()
    boxes = stats[1:, :4].astype(np.float32)
    boxes[:, 2:] += boxes[:, :2]
    return one_class(boxes, np.ones(len(boxes), dtype=np.float32))


def _marked(path: Path) -> NDArray[np.float64]:
    """Marked flaws (k, 4) as x1 y1 x2 y2."""
    lines = [line for line in path.read_text().splitlines() if line.strip()]
    return np.array([[float(each) for each in re.split(r"[ ,]+", line.strip())[:4]] for line in lines])


def _matched(found: Detections, marked: NDArray[np.float64]) -> NDArray[np.float64]:
    """Flaws in which the middle of a region lies, all flaws, regions whose middle lies in none."""
    middles = (found.boxes_px[:, :2] + found.boxes_px[:, 2:]) / 2
    low, high = marked[:, :2] - REACH_PX, marked[:, 2:] + REACH_PX
    inside = np.asarray(((middles[:, None] >= low) & (middles[:, None] <= high)).all(axis=2), dtype=np.bool_)
    found_flaws, regions = np.any(inside, axis=0), np.any(inside, axis=1)
    return np.array([found_flaws.sum(), len(marked), (~regions).sum()], dtype=np.float64)
