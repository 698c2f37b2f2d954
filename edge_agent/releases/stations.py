"""What a station was taught on site, on disk: `{station}/a.lesson`, `{station}/b.lesson`, and `current`, which says which.

The slot that counts is never written to. `current` is switched by a rename after the slot it names is on the disk, so a
power cut leaves the old lesson or the new one, whole; should the newest be damaged later, the one before it counts.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
import structlog

from edge_agent.releases.durable import replaced, synced_folder
from edge_agent.task import SiteLesson

CURRENT = "current"
Slot = Literal["a", "b"]

_log = structlog.get_logger()


class Kept(msgspec.Struct, frozen=True):
    """A lesson that lies whole in a slot."""

    slot: Slot
    sha256: str


class Pointer(msgspec.Struct, frozen=True):
    """The lesson that counts, and the one before it."""

    current: Kept
    previous: Kept | None = None


@dataclass(frozen=True)
class Stations:
    """The stations folder of a device. Written by one thread for each station."""

    folder: Path

    def lesson(self, station: str) -> SiteLesson:
        """What a station was taught; nothing where it never was. What is damaged is said, and gives way."""
        try:
            pointer = msgspec.json.decode((self.folder / station / CURRENT).read_bytes(), type=Pointer)
        except FileNotFoundError:
            return SiteLesson()
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return SiteLesson(fault=f"which lesson of {station} counts cannot be read ({error}); teach it again")
        newest = self._content(station, pointer.current)
        if newest is not None:
            return SiteLesson(newest)
        before = None if pointer.previous is None else self._content(station, pointer.previous)
        used = "the one before it is used" if before is not None else "the model's own is used"
        return SiteLesson(before, f"the newest lesson of {station} is damaged: {used}; teach it again")

    def keep(self, station: str, content: bytes) -> None:
        """Make this lesson count, durably. Raises OSError; then the old one counts."""
        self.switch(station, self.write(station, content))

    def write(self, station: str, content: bytes) -> Kept:
        """Put a lesson into the slot that does not count; it counts only once `switch` has returned. Raises OSError."""
        folder = self.folder / station
        folder.mkdir(parents=True, exist_ok=True)
        synced_folder(self.folder.parent)
        synced_folder(self.folder)
        before = self._pointer(station)
        slot: Slot = "b" if before is not None and before.current.slot == "a" else "a"
        replaced(folder / f"{slot}.lesson", content)
        return Kept(slot, hashlib.sha256(content).hexdigest())

    def switch(self, station: str, kept: Kept) -> None:
        """From now on this lesson counts. Raises OSError."""
        before = self._pointer(station)
        pointer = Pointer(kept, None if before is None else before.current)
        replaced(self.folder / station / CURRENT, msgspec.json.encode(pointer))

    def forget(self, station: str) -> bool:
        """The model's own statistics count again; whether there was a lesson. Raises OSError."""
        file = self.folder / station / CURRENT
        if not file.exists():
            return False
        file.unlink()
        synced_folder(file.parent)
        return True

    def _pointer(self, station: str) -> Pointer | None:
        try:
            return msgspec.json.decode((self.folder / station / CURRENT).read_bytes(), type=Pointer)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None

    def _content(self, station: str, kept: Kept) -> bytes | None:
        """The bytes of a slot when they are those that were written."""
        file = self.folder / station / f"{kept.slot}.lesson"
        try:
            content = file.read_bytes()
        except OSError as error:
            _log.error("lesson_unreadable", file=str(file), why=str(error))
            return None
        if hashlib.sha256(content).hexdigest() != kept.sha256:
            _log.error("lesson_damaged", file=str(file), remedy="teach the station again")
            return None
        return content
