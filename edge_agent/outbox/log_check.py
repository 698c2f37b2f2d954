"""Whether SQLite's write-ahead log is whole, for SQLite itself does not say: at a frame that does not fit its checksum it
takes the log to end, and what was committed behind it is gone without a word. The counter would go back with it.

A power cut leaves the same picture, but only in the last transaction, for each commit is synchronised before the next one
begins. So: a frame that does not fit, with a commit behind it and one more frame behind that, is damage.

The format is SQLite's (https://sqlite.org/fileformat2.html#walformat): a header of 32 bytes, then frames of a header of 24
bytes and one page; each checksum goes on from the one before.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

HEADER_BYTES = 32
FRAME_HEADER_BYTES = 24
LITTLE, BIG = 0x377F0682, 0x377F0683
VERSION = 3007000
_MASK = 0xFFFFFFFF

_log = structlog.get_logger()

Sums = tuple[int, int]


@dataclass(frozen=True)
class Frame:
    """One page as a transaction wrote it. commit: pages of the database after it, 0 within a transaction."""

    page: int
    commit: int
    salts: tuple[int, int]
    sums: Sums
    summed: bytes
    content: bytes


@dataclass(frozen=True)
class Log:
    """A log as it lies on the disk; `salts` and `sums` are those of its header, `is_headed` whether that fits itself."""

    page_bytes: int
    order: str
    salts: tuple[int, int]
    sums: Sums
    is_headed: bool
    frames: Sequence[Frame]


def log_damage(path: Path, database: Path, page_bytes: int) -> str | None:
    """What is wrong with the log at `path`, None when nothing is or there is none.

    A log whose every good frame is in the database already is not needed: if it does not fit its checksums, it is removed.
    Otherwise SQLite would lay what is old in it over what is new in the database.
    """
    log = _read(path, page_bytes)
    bad = None if log is None or not log.frames else _first_bad(log)
    if log is None or bad is None:
        return None
    if _is_folded(log, database, bad):
        _log.warning("outbox_log_discarded", log=str(path), frame=bad + 1, remedy="nothing is lost; check the card or disk")
        path.unlink()
        return None
    if not log.is_headed:
        return f"{path.name}: its header does not fit its checksum"
    if not _has_commit_behind(log, bad):
        return None
    return f"{path.name}: frame {bad + 1} of {len(log.frames)} does not fit its checksum, and there are commits behind it"


def reseal(path: Path, page_bytes: int) -> None:
    """Give every frame of the log a checksum that fits, so that SQLite reads what there is; rows have their own."""
    log = _read(path, page_bytes)
    if log is None or not log.frames:
        return
    salts = log.salts if log.is_headed else log.frames[0].salts
    count = max((i + 1 for i, frame in enumerate(log.frames) if frame.salts == salts), default=0)
    head = struct.pack(">6I", LITTLE, VERSION, log.page_bytes, 0, *salts)
    sums = _summed((0, 0), head, "<")
    out = bytearray(head + struct.pack(">2I", *sums))
    for i, frame in enumerate(log.frames[:count]):
        known = max((f.commit for f in log.frames[:count]), default=0)
        page = frame.page if 0 < frame.page <= known else log.frames[min(i + 1, count - 1)].page
        front = struct.pack(">2I", page, frame.commit)
        sums = _summed(sums, front + frame.content, "<")
        out += front + struct.pack(">4I", *salts, *sums) + frame.content
    path.write_bytes(out)


def _read(path: Path, page_bytes: int) -> Log | None:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    if len(data) < HEADER_BYTES:
        return None
    magic, version, size, _, *salts_sums = struct.unpack(">8I", data[:HEADER_BYTES])
    order = ">" if magic == BIG else "<"
    salts, sums = (salts_sums[0], salts_sums[1]), (salts_sums[2], salts_sums[3])
    is_known = magic in {LITTLE, BIG} and version == VERSION and size == page_bytes
    is_headed = is_known and _summed((0, 0), data[:24], order) == sums
    return Log(page_bytes, order, salts, sums, is_headed, list(_frames(data, page_bytes)))


def _frames(data: bytes, page_bytes: int) -> Iterator[Frame]:
    step = FRAME_HEADER_BYTES + page_bytes
    for start in range(HEADER_BYTES, len(data) - step + 1, step):
        page, commit, salt1, salt2, sum1, sum2 = struct.unpack(">6I", data[start : start + FRAME_HEADER_BYTES])
        content = data[start + FRAME_HEADER_BYTES : start + step]
        yield Frame(page, commit, (salt1, salt2), (sum1, sum2), data[start : start + 8] + content, content)


def _first_bad(log: Log) -> int | None:
    """The first frame that belongs to this round of the log and does not fit; None when the log ends with a commit."""
    good = _good(log)
    is_ended = not any(frame.salts == log.salts for frame in log.frames[good:])
    return None if log.is_headed and is_ended and (good == 0 or log.frames[good - 1].commit) else good


def _good(log: Log) -> int:
    """How many frames fit, from the beginning."""
    sums = log.sums
    for i, frame in enumerate(log.frames):
        sums = _summed(sums, frame.summed, log.order)
        if not log.is_headed or frame.salts != log.salts or frame.sums != sums:
            return i
    return len(log.frames)


def _has_commit_behind(log: Log, bad: int) -> bool:
    """Whether a commit at or after the bad frame is followed by a frame that goes on from it."""
    frames = log.frames
    for i in range(bad, len(frames) - 1):
        following = frames[i + 1]
        if frames[i].commit and following.salts == log.salts:
            before = frames[i - 1].sums if i else log.sums
            seeds = (frames[i].sums, _summed(before, frames[i].summed, log.order))
            if any(_summed(seed, following.summed, log.order) == following.sums for seed in seeds):
                return True
    return False


def _is_folded(log: Log, database: Path, bad: int) -> bool:
    """Whether the database holds the newest version of every page of the log, as it does after a checkpoint.

    What stands behind the last commit that fits is the witness: a transaction that was torn never reached the database.
    """
    salts = log.salts if log.is_headed else log.frames[0].salts
    start = max((i + 1 for i, frame in enumerate(log.frames[:bad]) if frame.commit), default=0)
    witnesses, older = dict[int, bytes](), {frame.page: frame.content for frame in log.frames[:start]}
    sums = log.frames[start - 1].sums if start else log.sums
    for frame in log.frames[start:]:
        older.pop(frame.page, None)
        if frame.salts == salts and _summed(sums, frame.summed, log.order) == frame.sums:
            witnesses[frame.page] = frame.content
        else:
            witnesses.pop(frame.page, None)
        sums = frame.sums
    if not witnesses or not database.exists() or _differing(database, witnesses, log.page_bytes):
        return False
    return _differing(database, older, log.page_bytes) <= 1  # the bad frame's page, when its number is what is wrong


def _differing(database: Path, pages: dict[int, bytes], page_bytes: int) -> int:
    differing = 0
    with database.open("rb") as file:
        for page, content in pages.items():
            file.seek((page - 1) * page_bytes)
            differing += file.read(page_bytes) != content
    return differing


def _summed(sums: Sums, data: bytes, order: str) -> Sums:
    first, second = sums
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for i in range(0, len(words), 2):
        first = (first + words[i] + second) & _MASK
        second = (second + words[i + 1] + first) & _MASK
    return first, second
