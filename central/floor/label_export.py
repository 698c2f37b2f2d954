"""Settled pictures as folders that `tallyhouse-models` teaches from and judges on.

Counting gets `shelf_count/images/NAME.jpg` and `shelf_count/labels/NAME.txt` (YOLO: class, centre x, centre y, width, height
as fractions); inspection `defects/good/` and one folder a kind of flaw, boxes in the manifest. `manifest.json` says of each
file its SHA-256, where it comes from and who agreed. A folder is replaced as a whole, and only one that this has written.
"""

import hashlib
import re
import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection

from central.errors import Refused
from central.floor.agreement import SHELF_COUNT, Settled
from central.store import evidence
from central.store.labels import Box

MANIFEST = "manifest.json"
TASKS = {"shelf_count/1": "shelf_count", "defect/1": "defects"}


class Pictured(msgspec.Struct, frozen=True):
    """One exported picture: its file below the folder, SHA-256 of it, and where the label comes from."""

    file: str
    sha256: str
    event: str
    device: str
    model: str | None
    taken_at: str
    name: str
    boxes: tuple[Box, ...]
    votes: int
    people: int


def export(conn: Connection, found: Sequence[Settled], out: Path, split: str | None = None) -> dict[str, int]:
    """Write the settled pictures below `out`; how many of each task. split: images/SPLIT and labels/SPLIT, as teaching
    wants them. Raises Refused for a folder of somebody else's."""
    by_task: dict[str, list[Settled]] = defaultdict(list)
    for one in found:
        by_task[TASKS[one.picture.kind]].append(one)
    return {task: _export(conn, some, out / task, split) for task, some in sorted(by_task.items())}


def _export(conn: Connection, found: Sequence[Settled], folder: Path, split: str | None) -> int:
    if folder.exists() and not (folder / MANIFEST).is_file():
        raise Refused(f"{folder} holds something else; name an empty folder with --out")
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    rows = [row for one in found if (row := _written(conn, one, fresh, split)) is not None]
    if not rows:
        return 0
    content: dict[str, Any] = {"format": "tallyhouse labels 1", "pictures": rows}
    (fresh / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=1))
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
    return len(rows)


def _written(conn: Connection, one: Settled, folder: Path, split: str | None) -> Pictured | None:
    piece = evidence.get(conn, one.picture.evidence)
    if piece is None:
        return None
    name = one.picture.evidence.partition(":")[2][:16]
    file = folder / _place(one, split) / f"{name}.jpg"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(piece.content)
    if one.picture.kind == SHELF_COUNT:
        labels = folder / "labels" / (split or "") / f"{name}.txt"
        labels.parent.mkdir(parents=True, exist_ok=True)
        labels.write_text("".join(map(yolo_line, one.boxes)))
    return Pictured(
        file=str(file.relative_to(folder)),
        sha256=hashlib.sha256(piece.content).hexdigest(),
        event=one.picture.event,
        device=one.picture.device,
        model=one.picture.model,
        taken_at=piece.taken_at.isoformat(),
        name=one.name,
        boxes=one.boxes,
        votes=one.votes,
        people=one.people,
    )


def _place(one: Settled, split: str | None) -> Path:
    if one.picture.kind == SHELF_COUNT:
        return Path("images", split or "")
    return Path("good" if one.is_good else re.sub(r"[^\w-]+", "_", one.name).strip("_") or "anomaly")


def yolo_line(box: Box) -> str:
    """A box of corners as a line of a YOLO file, class 0."""
    x1, y1, x2, y2 = box
    return f"0 {(x1 + x2) / 2:.6f} {(y1 + y2) / 2:.6f} {x2 - x1:.6f} {y2 - y1:.6f}\n"
