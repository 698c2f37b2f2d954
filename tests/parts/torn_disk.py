"""A disk whose power can be cut at any byte: what SQLite really wrote and synchronised, and what may be left of it.

SQLite's own file layer is wrapped through its C interface, so every write, truncation, deletion and fsync of the real
library is seen in order. After a power cut a file holds all that was written before its last fsync, and of what came later
any part: nothing, a beginning torn at some byte, or any set of sectors.
"""

import _sqlite3
import ctypes
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SECTOR_BYTES = 512
SQLITE_OK = 0
_METHODS = (
    "close", "read", "write", "truncate", "sync", "file_size", "lock", "unlock", "check_reserved_lock", "file_control",
    "sector_size", "device_characteristics", "shm_map", "shm_lock", "shm_barrier", "shm_unmap", "fetch", "unfetch",
)  # fmt: skip


class _Methods(ctypes.Structure):
    _fields_ = [("version", ctypes.c_int), *((name, ctypes.c_void_p) for name in _METHODS)]


class _File(ctypes.Structure):
    _fields_ = [("methods", ctypes.POINTER(_Methods))]


class _Vfs(ctypes.Structure):
    _fields_ = [
        ("version", ctypes.c_int), ("file_bytes", ctypes.c_int), ("longest_path", ctypes.c_int), ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p), ("data", ctypes.c_void_p), ("open", ctypes.c_void_p), ("delete", ctypes.c_void_p),
        *((f"other_{i}", ctypes.c_void_p) for i in range(16)),
    ]  # fmt: skip


# Names are passed on as the pointers they are: SQLite keeps them, and reads parameters behind their end.
_OPEN = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
_DELETE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
_WRITE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64)
_TRUNCATE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int64)
_SYNC = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)


@dataclass(frozen=True)
class Op:
    """One thing that was done to a file: `data` written at `at`, or (None) the file cut to `at` bytes, deleted (-1)."""

    name: str
    at: int
    data: bytes | None = None
    is_sync: bool = False


@dataclass
class Recording:
    """What happened to the files of one folder, in order."""

    ops: list[Op] = field(default_factory=list)

    def durable(self, upto: int) -> tuple[dict[str, bytes], dict[str, list[Op]]]:
        """After the first `upto` operations: what each file surely holds, and what was done to it since its last fsync."""
        files: dict[str, bytearray] = {}
        pending: dict[str, list[Op]] = {}
        for op in self.ops[:upto]:
            if op.is_sync:
                for waiting in pending.pop(op.name, []):
                    _apply(files, waiting)
            else:
                pending.setdefault(op.name, []).append(op)
        return {name: bytes(content) for name, content in files.items()}, pending


def torn(files: Mapping[str, bytes], pending: Mapping[str, Sequence[Op]], rng: random.Random) -> dict[str, bytes]:
    """One of the pictures that a power cut may leave."""
    left = {name: bytearray(content) for name, content in files.items()}
    for name in sorted(pending):
        for op in _survivors(list(pending[name]), rng):
            _apply(left, op)
    return {name: bytes(content) for name, content in left.items()}


def _survivors(ops: list[Op], rng: random.Random) -> Iterator[Op]:
    way = rng.choice(("nothing", "all", "beginning", "writes", "sectors"))
    if way == "beginning":
        kept = rng.randint(0, len(ops))
        yield from ops[:kept]
        if kept < len(ops) and (data := ops[kept].data):
            yield Op(ops[kept].name, ops[kept].at, data[: rng.randint(0, len(data))])
    elif way == "all":
        yield from ops
    elif way == "writes":
        yield from (op for op in ops if rng.random() < 0.6)
    elif way == "sectors":
        for op in ops:
            yield from (part for part in _sectors(op) if rng.random() < 0.7)


def _sectors(op: Op) -> Iterator[Op]:
    if op.data is None:
        yield op
        return
    start = op.at
    while start < op.at + len(op.data):
        end = min(op.at + len(op.data), (start // SECTOR_BYTES + 1) * SECTOR_BYTES)
        yield Op(op.name, start, op.data[start - op.at : end - op.at])
        start = end


def _apply(files: dict[str, bytearray], op: Op) -> None:
    if op.data is None and op.at < 0:
        files.pop(op.name, None)
        return
    content = files.setdefault(op.name, bytearray())
    end = op.at + len(op.data or b"")
    content.extend(bytes(max(0, end - len(content))))
    if op.data is None:
        del content[op.at :]
    else:
        content[op.at : end] = op.data


@contextmanager
def recorded() -> Iterator[Recording]:
    """Every connection opened inside this block is recorded. Raises OSError where SQLite's interface cannot be reached."""
    library = ctypes.CDLL(_sqlite3.__file__)
    library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
    usual = library.sqlite3_vfs_find(None)
    recording = Recording()
    wrapped, alive = _wrapped(usual, recording)
    library.sqlite3_vfs_register(ctypes.byref(wrapped), 1)
    try:
        yield recording
    finally:
        library.sqlite3_vfs_register(usual, 1)
        library.sqlite3_vfs_unregister(ctypes.byref(wrapped))
        alive.clear()


def _wrapped(usual: Any, recording: Recording) -> tuple[_Vfs, list[Any]]:
    """The usual file layer with its opening and deleting watched, and what must live as long as it is used."""
    wrapped = _Vfs.from_buffer_copy(usual.contents)
    alive: list[Any] = []
    usual_open, usual_delete = _OPEN(usual.contents.open), _DELETE(usual.contents.delete)

    def opened(_vfs: int, name: int | None, file: int, flags: int, out: int) -> int:
        result = usual_open(ctypes.addressof(usual.contents), name, file, flags, out)
        if result == SQLITE_OK and name is not None:
            _watch(_File.from_address(file), _plain(name), recording, alive)
        return int(result)

    def deleted(_vfs: int, name: int, sync: int) -> int:
        result = int(usual_delete(ctypes.addressof(usual.contents), name, sync))
        if result == SQLITE_OK:
            recording.ops += [Op(_plain(name), -1), Op(_plain(name), 0, is_sync=True)]
        return result

    callbacks = (_OPEN(opened), _DELETE(deleted))
    wrapped.name, wrapped.next = b"recorded", None
    wrapped.open, wrapped.delete = (ctypes.cast(callback, ctypes.c_void_p).value for callback in callbacks)
    alive += [callbacks, usual_open, usual_delete, wrapped]
    return wrapped, alive


def _plain(name: int) -> str:
    return Path(ctypes.string_at(name).decode()).name


def _watch(file: _File, name: str, recording: Recording, alive: list[Any]) -> None:
    """Replace the methods of one open file by ones that note what they do."""
    usual = file.methods.contents
    write, truncate, sync = _WRITE(usual.write), _TRUNCATE(usual.truncate), _SYNC(usual.sync)

    def noted(result: int, op: Callable[[], Op]) -> int:
        if result == SQLITE_OK:
            recording.ops.append(op())
        return result

    def written(f: int, data: int, count: int, at: int) -> int:
        return noted(write(f, data, count, at), lambda: Op(name, at, ctypes.string_at(data, count)))

    callbacks = (
        _WRITE(written),
        _TRUNCATE(lambda f, size: noted(truncate(f, size), lambda: Op(name, size))),
        _SYNC(lambda f, flags: noted(sync(f, flags), lambda: Op(name, 0, is_sync=True))),
    )
    methods = _Methods.from_buffer_copy(usual)
    methods.write, methods.truncate, methods.sync = (ctypes.cast(callback, ctypes.c_void_p).value for callback in callbacks)
    alive += [callbacks, methods, usual, write, truncate, sync]
    file.methods = ctypes.pointer(methods)
