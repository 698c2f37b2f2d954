"""A site's own labelled frames, read one at a time.

Counting has `images/NAME.jpg` beside `labels/NAME.txt` (YOLO; an empty file says: nothing there); a picture without a label
is none of them, since nobody has looked at it yet. Inspection has `good/` and one folder a kind of flaw.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vision_models.errors import DataMissing
from vision_models.inference.preprocess import picture_paths

GOOD = "good"
# What is no kind of flaw among the folders of a set of parts.
_NO_FLAWS = frozenset({GOOD, "ground_truth"})


@dataclass(frozen=True)
class ShelfFrame:
    """A picture and the file that says where its cartons are."""

    name: str
    picture: Path
    label: Path

    @property
    def files(self) -> tuple[Path, ...]:
        """What the frame is made of."""
        return (self.picture, self.label)


@dataclass(frozen=True)
class PartFrame:
    """A picture of a part that is good or not."""

    name: str
    picture: Path
    is_good: bool

    @property
    def files(self) -> tuple[Path, ...]:
        """What the frame is made of."""
        return (self.picture,)


def shelf_frames(folder: Path) -> list[ShelfFrame]:
    """The labelled pictures of a folder by name. Raises DataMissing when there is none."""
    pairs = [(path, folder / "labels" / f"{path.stem}.txt") for path in picture_paths(folder / "images")]
    frames = [ShelfFrame(path.name, path, label) for path, label in pairs if label.exists()]
    if not frames:
        raise DataMissing(f"{folder}: no picture in images/ has its label in labels/; label some, or correct the path")
    return frames


def part_frames(folder: Path) -> list[PartFrame]:
    """Good parts and flawed ones by name. Raises DataMissing when there are none of either."""
    return list(_parts(folder))


def _parts(folder: Path) -> Iterator[PartFrame]:
    yield from (PartFrame(f"{GOOD}/{path.name}", path, True) for path in picture_paths(folder / GOOD))
    kinds = sorted(path for path in folder.iterdir() if path.is_dir() and path.name not in _NO_FLAWS)
    if not kinds:
        raise DataMissing(f"{folder}: only good parts in it; recall needs a folder of pictures for each kind of flaw")
    for kind in kinds:
        yield from (PartFrame(f"{kind.name}/{path.name}", path, False) for path in picture_paths(kind))


def fingerprint(frames: Sequence[ShelfFrame | PartFrame]) -> str:
    """SHA-256 over the names and bytes of all frames: two models were judged on the same when it is the same."""
    digest = hashlib.sha256()
    for frame in frames:
        digest.update(frame.name.encode())
        for file in frame.files:
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
