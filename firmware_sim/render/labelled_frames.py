"""Frames of a scene as a person would have labelled them: its own shelves at any stock in any light, and parts on its belt.

They lie as `tallyhouse-models evaluate` reads them, until people label real ones: `images/` and `labels/` (YOLO) for
shelves, `good/` and one folder a kind of flaw for parts. Every frame depends on the seed and its number alone.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from firmware_sim.render.lighting import draw_lighting
from firmware_sim.render.picture_set import JPEG_QUALITY, ShelfPicture, cropped, part_picture, write_shelves
from firmware_sim.render.shelf_image import Roi, render_shelves
from firmware_sim.scene import Scene
from firmware_sim.world.parts import DEFECT_KINDS, DefectKind
from firmware_sim.world.warehouse import Warehouse


def write_shelf_frames(scene: Scene, out: Path, count: int, seed: int) -> int:
    """`count` pictures of the scene's shelves with the boxes of their cartons; how many were written."""
    pictures = (picture for _, picture in zip(range(count), scene_shelves(scene, seed), strict=False))
    return write_shelves(out, pictures, f"s{seed}")


def scene_shelves(scene: Scene, seed: int) -> Iterator[ShelfPicture]:
    """Pictures without end: each round shows every shelf of the scene once; none at all for a scene without shelves."""
    warehouse = Warehouse(scene, seed)
    cameras = [camera for camera in scene.cameras if scene.shelves_seen_by(camera.id)]
    number = 0
    while cameras:
        for camera in cameras:
            rng = np.random.default_rng((seed, number))
            number += 1
            shelves = [
                replace(shelf, units=int(rng.integers(0, shelf.capacity + 1)), arrangement=number)
                for shelf in warehouse.shelves_seen_by(camera.id)
            ]
            rois = [Roi(*plan.roi) for plan in scene.shelves_seen_by(camera.id)]
            shown = render_shelves(shelves, draw_lighting(rng), rng, rois)
            for roi, boxes in zip(shown.rois, shown.boxes_px, strict=True):
                yield cropped(shown.frame, roi, boxes, rng)


def write_part_frames(out: Path, count: int, seed: int) -> int:
    """`count` parts at rest, every other one with a flaw, the kinds in turn; how many were written."""
    for number in range(count):
        kind: DefectKind | None = DEFECT_KINDS[number // 2 % len(DEFECT_KINDS)] if number % 2 else None
        folder = out / (kind or "good")
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"s{seed}-{number:05}.jpg"), part_picture(seed, number, kind).frame, JPEG_QUALITY)
    return count
