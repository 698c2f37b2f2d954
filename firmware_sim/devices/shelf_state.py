"""The shelves kept between two runs: what stands on each, and for how long it has been low.

Nothing else is kept: machines start healthy and customers rush in again, as on any morning. Without this file a site that
starts anew has full shelves where yesterday's sales are still in the centre's books.
"""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import msgspec
import structlog

from firmware_sim.devices.whole_file import write_whole
from firmware_sim.errors import BadOption
from firmware_sim.world.trade import Standing
from firmware_sim.world.warehouse import Warehouse

log = structlog.get_logger()


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    scene: str
    shelves: Mapping[str, Standing]


class ShelfState:
    """The file of one warehouse: `with` takes the stock from it, where it exists, and leaves the stock in it.

    Raises BadOption when it cannot be read or written, or holds the shelves of another scene.
    """

    def __init__(self, path: Path, warehouse: Warehouse) -> None:
        self._path, self._warehouse = path, warehouse

    def __enter__(self) -> "ShelfState":
        try:
            self._resume()
            self._write()
        except OSError as error:
            raise BadOption(
                f"--state {self._path} cannot be used ({error.strerror}); name a file in a folder of yours"
            ) from error
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.save()

    def save(self) -> None:
        """Write the stock as it is; a disk that takes nothing is logged, the site goes on."""
        try:
            self._write()
        except OSError as error:
            log.error("shelves are not kept", file=str(self._path), reason=error.strerror, remedy="make room on the disk")

    def _write(self) -> None:
        kept = _Kept(self._warehouse.scene.name, self._warehouse.standing())
        write_whole(self._path, msgspec.json.encode(kept) + b"\n")

    def _resume(self) -> None:
        if not self._path.exists():
            return
        try:
            kept = msgspec.json.decode(self._path.read_bytes(), type=_Kept)
            if kept.scene != self._warehouse.scene.name:
                raise ValueError(f"it is of the scene {kept.scene}")
            self._warehouse.resume(kept.shelves)
        except ValueError as error:  # msgspec's own errors and those of shelves that cannot hold so much are such
            raise BadOption(
                f"--state {self._path} does not fit this scene ({error}); delete it to start with the scene's own stock"
            ) from error
