"""The slots of each kind of task on disk: `{kind}/a`, `{kind}/b`, and `{kind}/current`, which says which one counts.

A slot that counts is never written to. `current` is switched by a rename after everything it names is on the disk, so a
power cut leaves the old model or the new one, whole. Written by one thread.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog

from edge_agent.releases import pointer as turns
from edge_agent.releases.durable import replaced, synced_folder
from edge_agent.releases.pointer import Installed, Pointer
from edge_agent.task import ModelFolder
from vision_models.errors import BundleRejected
from vision_models.inference.manifest import read_bundle

CURRENT = "current"

_log = structlog.get_logger()


@dataclass(frozen=True)
class Slots:
    """The models folder of a device. trusted_keys: of releasers, base64; none: the one that ships with this program."""

    folder: Path
    trusted_keys: tuple[str, ...]

    def kinds(self) -> list[str]:
        """The kinds of task for which anything was ever released here."""
        return sorted(path.parent.name for path in self.folder.glob(f"*/{CURRENT}"))

    def pointer(self, kind: str) -> Pointer:
        """What counts for a kind. A file that cannot be read is set aside and said: what ships runs."""
        file = self.folder / kind / CURRENT
        try:
            return msgspec.json.decode(file.read_bytes(), type=Pointer)
        except FileNotFoundError:
            return Pointer()
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            _log.error("model_pointer_unreadable", file=str(file), why=str(error), remedy="the shipped model runs")
            file.replace(file.with_name(f"{CURRENT}.unreadable"))
            return Pointer()

    def point(self, kind: str, pointer: Pointer) -> None:
        """Make `pointer` count, durably."""
        self._made(self.folder / kind)
        replaced(self.folder / kind / CURRENT, msgspec.json.encode(pointer))

    def emptied(self, kind: str) -> Path:
        """The folder of the slot that does not count, empty; what lay there is first forgotten."""
        pointer = self.pointer(kind)
        if pointer.previous is not None:
            self.point(kind, turns.cleared(pointer))
        folder = self.folder / kind / pointer.free_slot
        if folder.exists():
            shutil.rmtree(folder)
        return self._made(folder)

    def model(self, kind: str) -> ModelFolder | None:
        """Where the released model of a kind lies; None when the shipped one counts."""
        current = self.pointer(kind).current
        if current is None:
            return None
        return ModelFolder(self.folder / kind / current.slot, current.release.sha256, self.trusted_keys)

    def start(self) -> None:
        """The agent starts: trials are counted, and a model that is not whole gives way to the one before it."""
        for kind in self.kinds():
            before = self.pointer(kind)
            after = self._whole(kind, turns.booted(before))
            if after != before:
                self.point(kind, after)
            if after.current != before.current:
                why = "; ".join(new.why for sha, new in after.refused.items() if before.refused.get(sha) != new)
                _log.error("model_taken_back", kind=kind, why=why)

    def fault(self, kind: str, installed: Installed) -> str | None:
        """What is not in order with the files of a release; None when they are whole and signed."""
        try:
            read_bundle(self.folder / kind / installed.slot, *self.trusted_keys)
        except BundleRejected as error:
            return str(error)
        return None

    def give_up(self, kind: str, why: str) -> bool:
        """The released model of a kind does not work: the one before it counts. False when the shipped one did not."""
        pointer = self.pointer(kind)
        if pointer.current is None:
            return False
        _log.error("model_taken_back", kind=kind, why=why)
        self.point(kind, turns.taken_back(pointer, why))
        return True

    def _whole(self, kind: str, pointer: Pointer) -> Pointer:
        """`pointer`, or where it leads back to when a slot is torn."""
        while pointer.current is not None and (fault := self.fault(kind, pointer.current)) is not None:
            pointer = turns.taken_back(pointer, fault)
        return pointer

    def _made(self, folder: Path) -> Path:
        """The folder, and its name on the disk."""
        folder.mkdir(parents=True, exist_ok=True)
        synced_folder(folder.parent)
        return folder
