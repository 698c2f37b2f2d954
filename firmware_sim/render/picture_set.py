"""Rendered pictures as folders, for teaching and judging models that may not know the simulator.

    python -m firmware_sim.render.picture_set shelves --out DIR --frames 60 --seed 3000000
    python -m firmware_sim.render.picture_set parts --out DIR --good 30 --seed 1000000

Shelves come as `images/NAME.jpg` and `labels/NAME.txt` (YOLO: class, centre x, centre y, width, height as fractions), one
picture a shelf. Parts come as `good/`, `scratch/`, `dent/`, `stain/` and masks in `ground_truth/KIND/NAME_mask.png`. Every
picture depends on the seed and its number alone; use seeds that are far apart for teaching and judging.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

from firmware_sim.render.lighting import Lighting, Picture, draw_lighting
from firmware_sim.render.part_image import PartFrame, render_part
from firmware_sim.render.shelf_image import Boxes, Roi, render_shelves
from firmware_sim.world.parts import DEFECT_KINDS, BeltView, DefectKind, draw_part
from firmware_sim.world.shelf import CartonGrid, Shelf, draw_look

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)
JPEG_QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 90]


@dataclass(frozen=True)
class ShelfPicture:
    """The crop of one shelf (h, w, 3) BGR and its cartons, boxes (n, 4) in pixels of the crop."""

    picture: Picture
    boxes_px: Boxes


def shelf_pictures(seed: int, frames: int) -> Iterator[ShelfPicture]:
    """Four shelves of each frame, any grid, any stock from none to full, any design, any light."""
    for number in range(frames):
        rng = np.random.default_rng((seed, number))
        shelves = [_any_shelf(f"s{seed}-{number}-{place}", rng) for place in range(4)]
        rendered = render_shelves(shelves, draw_lighting(rng), rng)
        for roi, boxes in zip(rendered.rois, rendered.boxes_px, strict=True):
            yield cropped(rendered.frame, roi, boxes, rng)


def part_picture(seed: int, number: int, kind: DefectKind | None) -> PartFrame:
    """A part at rest in ordinary light, with a flaw of that kind or none."""
    rng = np.random.default_rng((seed, number, 1))
    kinds: tuple[DefectKind, ...] = DEFECT_KINDS if kind is None else (kind,)
    part = draw_part(seed, number, 0.0 if kind is None else 1.0, kinds)
    return render_part(BeltView("resting", part, 0.0, float(rng.uniform(0, 50))), _bench_light(rng), rng)


def _bench_light(rng: np.random.Generator) -> Lighting:
    """The lamp of an inspection bench: steadier than a hall's light, not constant."""
    return Lighting(
        gain=float(rng.uniform(0.90, 1.10)),
        warmth=float(rng.uniform(-0.35, 0.35)),
        vignette=float(rng.uniform(0.15, 0.28)),
        side=float(rng.uniform(-0.12, 0.12)),
        blur_px=float(rng.uniform(0.5, 0.9)),
        noise_sd=float(rng.uniform(1.5, 3.5)),
    )


@app.command()
def shelves(
    out: Annotated[Path, typer.Option(help="Folder to write into.")],
    frames: Annotated[int, typer.Option(help="Frames of four shelves each.")] = 60,
    seed: Annotated[int, typer.Option(help="Another seed, other pictures.")] = 3_000_000,
) -> None:
    """Write pictures of shelves with the boxes of their cartons."""
    write_shelves(out, shelf_pictures(seed, frames), f"s{seed}")


@app.command()
def parts(
    out: Annotated[Path, typer.Option(help="Folder to write into.")],
    good: Annotated[int, typer.Option(help="Good parts.")] = 30,
    bad: Annotated[int, typer.Option(help="Defective parts of each kind.")] = 0,
    seed: Annotated[int, typer.Option(help="Another seed, other pictures.")] = 1_000_000,
) -> None:
    """Write pictures of parts at rest, good ones and, if asked for, defective ones with masks."""
    for number in range(good):
        cv2.imwrite(str(_folder(out / "good") / f"{number:05}.jpg"), part_picture(seed, number, None).frame, JPEG_QUALITY)
    for kind in DEFECT_KINDS:
        for number in range(bad):
            shown = part_picture(seed, number, kind)
            cv2.imwrite(str(_folder(out / kind) / f"{number:05}.jpg"), shown.frame, JPEG_QUALITY)
            cv2.imwrite(str(_folder(out / "ground_truth" / kind) / f"{number:05}_mask.png"), shown.defect_mask)


def write_shelves(out: Path, pictures: Iterable[ShelfPicture], name: str) -> int:
    """Write `images/NAME-NUMBER.jpg` and `labels/NAME-NUMBER.txt` (YOLO); how many."""
    images, labels = _folder(out / "images"), _folder(out / "labels")
    index = -1
    for index, shown in enumerate(pictures):
        cv2.imwrite(str(images / f"{name}-{index:05}.jpg"), shown.picture, JPEG_QUALITY)
        (labels / f"{name}-{index:05}.txt").write_text(_yolo_lines(shown))
    return index + 1


def _any_shelf(location: str, rng: np.random.Generator) -> Shelf:
    boards = int(rng.integers(1, 3))
    grid = CartonGrid(columns=int(rng.integers(3, 8)), rows=int(rng.integers(1, 4 if boards == 1 else 3)), boards=boards)
    return Shelf(location, location, grid, int(rng.integers(0, grid.capacity + 1)), draw_look(rng))


def cropped(frame: Picture, roi: Roi, boxes: Boxes, rng: np.random.Generator) -> ShelfPicture:
    """The region of a shelf, drawn by a person who did not hit it to the pixel."""
    height, width = frame.shape[:2]
    corners = np.array([roi.x * width, roi.y * height, (roi.x + roi.w) * width, (roi.y + roi.h) * height])
    left, top, right, bottom = np.clip(corners + rng.uniform(-8, 8, 4), 0, [width, height, width, height]).astype(int)
    inside = np.clip(boxes - [left, top, left, top], 0, [right - left, bottom - top] * 2).astype(np.float32)
    return ShelfPicture(frame[top:bottom, left:right], inside)


def _yolo_lines(shown: ShelfPicture) -> str:
    height, width = shown.picture.shape[:2]
    lines = []
    for left, top, right, bottom in shown.boxes_px.astype(float):
        centre_x, centre_y = (left + right) / 2 / width, (top + bottom) / 2 / height
        lines.append(f"0 {centre_x:.6f} {centre_y:.6f} {(right - left) / width:.6f} {(bottom - top) / height:.6f}\n")
    return "".join(lines)


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


if __name__ == "__main__":
    app()
