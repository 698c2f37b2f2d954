"""Pictures with boxes from folders: `images/SPLIT/*.jpg` beside `labels/SPLIT/*.txt` in YOLO form.

Photos of one capture (a video, a visit) are near copies of each other, so captures, not photos, are held out for validation
and weighed in an epoch.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from vision_models.errors import DataMissing
from vision_models.inference.arrays import Floats, Picture
from vision_models.inference.preprocess import picture_paths, read_picture

TAUGHT_SIDE_PX = 640


@dataclass(frozen=True)
class LabelledPicture:
    """A picture (h, w, 3) BGR with the boxes (n, 4) of its things in pixels, and the capture it comes from."""

    picture: Picture
    boxes_px: Floats
    capture: str


def labelled_pictures(images: Path, labels: Path, largest_side_px: int = TAUGHT_SIDE_PX) -> list[LabelledPicture]:
    """All pictures of a folder, in the order of their names, shrunk to what teaching keeps in memory. Raises DataMissing."""
    return [labelled_picture(path, labels / f"{path.stem}.txt", largest_side_px) for path in picture_paths(images)]


def counts_in(labels: Path) -> list[int]:
    """How many boxes each label file of a folder holds. Raises DataMissing when there is none."""
    paths = sorted(labels.glob("*.txt"))
    if not paths:
        raise DataMissing(f"{labels}: no label files in it; name a folder of YOLO labels such as labels/train")
    return [len(_boxes(path, 1, 1)) for path in paths]


def capture_of(name: str) -> str:
    """The capture a file name tells of: `IMG_0263-12…` → `IMG_0263`, `0032_2021…` → `00`, `iiiiii-1…` → `iiiiii`."""
    match = re.match(r"IMG_\d+|\d\d|[A-Za-z]+", name)
    return match.group() if match else "other"


def by_capture(pictures: Sequence[LabelledPicture]) -> dict[str, list[LabelledPicture]]:
    """The pictures of each capture."""
    groups: dict[str, list[LabelledPicture]] = defaultdict(list)
    for picture in pictures:
        groups[picture.capture].append(picture)
    return dict(groups)


def held_out(
    pictures: Sequence[LabelledPicture], captures: Sequence[str], most: int
) -> tuple[list[LabelledPicture], list[LabelledPicture]]:
    """Training pictures, none of these captures, and validation pictures, evenly at most `most` of each capture."""
    groups = by_capture(pictures)
    validation = []
    for capture in captures:
        found = groups.pop(capture, [])
        validation += found[:: max(-(-len(found) // most), 1)]
    return [picture for group in groups.values() for picture in group], validation


def epoch_of(
    pictures: Sequence[LabelledPicture], shares: dict[str, float], rng: np.random.Generator
) -> list[LabelledPicture]:
    """What one epoch shows: of each capture a fresh random share (1 when not named), shuffled."""
    chosen: list[LabelledPicture] = []
    for capture, group in by_capture(pictures).items():
        count = max(round(len(group) * shares.get(capture, 1.0)), 1)
        chosen += [group[index] for index in rng.choice(len(group), count, replace=False)]
    return [chosen[index] for index in rng.permutation(len(chosen))]


def labelled_picture(path: Path, label: Path, largest_side_px: int = TAUGHT_SIDE_PX) -> LabelledPicture:
    """One picture with its boxes, shrunk to `largest_side_px`. Raises PictureUnusable, DataMissing."""
    picture = read_picture(path)
    shrink = min(largest_side_px / max(picture.shape[:2]), 1.0)
    if shrink < 1.0:
        picture = cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    height, width = picture.shape[:2]
    return LabelledPicture(picture, _boxes(label, width, height), capture_of(path.stem))


def _boxes(label: Path, width: int, height: int) -> Floats:
    """Boxes (n, 4) in pixels from a YOLO file; an absent file means nothing is in the picture. Raises DataMissing."""
    lines = label.read_text().splitlines() if label.exists() else []
    try:
        rows = np.array([[float(word) for word in line.split()[1:5]] for line in lines if line.strip()], dtype=np.float32)
        centre, sides = rows.reshape(-1, 4)[:, :2], rows.reshape(-1, 4)[:, 2:]
    except ValueError as error:
        raise DataMissing(f"{label}: {error}; each line is `class x y width height` as fractions") from error
    corners = np.concatenate([centre - sides / 2, centre + sides / 2], axis=1)
    return np.asarray(np.clip(corners, 0, 1) * [width, height, width, height], dtype=np.float32)
