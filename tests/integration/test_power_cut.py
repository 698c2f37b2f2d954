"""Power cut at any byte: whatever was written after the last fsync is dropped or torn, and nothing committed is lost.

The writes and fsyncs are those of the real SQLite (`tests/parts/torn_disk.py`); each picture of the disk is opened the way
an agent boots. A second test damages what had been safe already: that is noticed, and what cannot be read is declared.
"""

import random
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

from edge_agent.clock import DeviceClock
from edge_agent.errors import OutboxCorrupt
from edge_agent.outbox.budget import Budget
from edge_agent.outbox.database import OutboxFile
from edge_agent.outbox.entry import Attachment, Entry, Stamper
from edge_agent.outbox.evidence import EvidenceSpool
from edge_agent.outbox.queue import Queue
from edge_agent.outbox.recovery import open_outbox
from edge_agent.outbox.reserve import RESERVE_BYTES
from protocols.codec import encode, read_event
from protocols.messages.lost import Lost
from protocols.messages.registry import EventData, kind_of, read_data
from tests.integration.edge_parts import BOOT, entry
from tests.makers import NOON, defect, sensor_summary
from tests.parts.torn_disk import Recording, recorded, torn

STAMPER = Stamper(DeviceClock(BOOT))
CUTS, FLIPS = 120, 120
SMALL = Budget(events_bytes=RESERVE_BYTES + 30_000, evidence_bytes=20_000, grace_bytes=4_000)
AMPLE = Budget(grace_bytes=6_000)


@dataclass(frozen=True)
class Moment:
    """After so many operations of the disk: the last sequence committed, how far acknowledged, evidence that waited."""

    ops: int
    last: int
    acknowledged: int
    evidence: frozenset[str]


@dataclass
class Life:
    """One outbox from its first day: what the disk did, what was committed when, every event by its sequence."""

    recording: Recording
    moments: list[Moment] = field(default_factory=lambda: [Moment(0, 0, 0, frozenset())])
    events: dict[int, bytes] = field(default_factory=dict)

    def delivered_next(self, moment: Moment) -> frozenset[str]:
        """Evidence that waited at `moment` and did no longer at the next: a cut may lie in between."""
        following = self.moments[min(self.moments.index(moment) + 1, len(self.moments) - 1)]
        return moment.evidence - following.evidence

    def before(self, ops: int) -> Moment:
        """The newest moment that was over after so many operations."""
        return next(moment for moment in reversed(self.moments) if moment.ops <= ops)


@cache
def life(seed: int, is_small: bool) -> Life:
    """Appends, acknowledgements, evidence, checkpoints, evictions and restarts, chosen by `seed`."""
    rng = random.Random(seed)
    folder = Path(mkdtemp(prefix="power-cut-"))
    with recorded() as recording:
        told = Life(recording)
        for _ in range(3):
            file = open_outbox(folder / "outbox.db", STAMPER)
            file.connection.execute("PRAGMA wal_autocheckpoint = 60")
            with closing(file):
                live(Queue(file, SMALL if is_small else AMPLE), file, told, rng)
    shutil.rmtree(folder)
    return told


def live(queue: Queue, file: OutboxFile, told: Life, rng: random.Random) -> None:
    """One boot."""
    spool = EvidenceSpool(file)
    for _ in range(25):
        made = [conclusion(queue.last + 1 + i, rng) for i in range(rng.randint(1, 9))]
        told.events.update({queue.last + 1 + i: one.as_event(queue.last + 1 + i) for i, one in enumerate(made)})
        queue.append(made, NOON, {"cam-1/shelf_count": rng.randbytes(600)})
        if rng.random() < 0.4:
            queue.acknowledge(queue.acknowledged + rng.randint(0, queue.last - queue.acknowledged))
        if rng.random() < 0.1:
            queue.prune()
        if rng.random() < 0.3 and (piece := spool.next_after(0, queue.last)) is not None:
            spool.delivered([piece.name])
        told.moments.append(Moment(len(told.recording.ops), queue.last, queue.acknowledged, waiting_evidence(file)))


def conclusion(sequence: int, rng: random.Random) -> Entry:
    """A count, a minute of a machine, or a defect with its picture."""
    said = rng.random()
    if said < 0.6:
        return entry(sequence)
    data: EventData = defect() if said < 0.75 else sensor_summary()
    picture = Attachment("image/jpeg", NOON, rng.randbytes(2500)) if said < 0.75 else None
    return replace(entry(sequence, attachment=picture), kind=kind_of(data), data=encode(data))


def waiting_evidence(file: OutboxFile) -> frozenset[str]:
    """Hashes of the evidence that is not delivered."""
    spool, found, at = EvidenceSpool(file), set[str](), 0
    while (piece := spool.next_after(at, 10**9)) is not None:
        found.add(piece.name)
        at = piece.sequence
    return frozenset(found)


@pytest.fixture
def disk() -> Iterator[Path]:
    """A folder for pictures of a disk, in memory where there is such a place: hundreds are opened."""
    memory = Path("/dev/shm")  # noqa: S108
    folder = Path(mkdtemp(prefix="power-cut-", dir=memory if memory.is_dir() else None))
    yield folder
    shutil.rmtree(folder)


def laid(folder: Path, files: dict[str, bytes]) -> Path:
    """The outbox of a picture, alone in `folder`."""
    for old in folder.iterdir():
        old.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder / "outbox.db"


def covered(file: OutboxFile, acknowledged: int) -> dict[int, bytes | Lost]:
    """Each sequence after `acknowledged`, as the event or the loss that stands for it."""
    found: dict[int, bytes | Lost] = {}
    for sequence, raw in file.connection.execute("SELECT sequence, event FROM events ORDER BY sequence").fetchall():
        event = read_event(raw)
        data = read_data(event.kind, event.data)
        last = data.last if isinstance(data, Lost) else sequence
        found.update(dict.fromkeys(range(sequence, last + 1), data if isinstance(data, Lost) else raw))
    return {sequence: what for sequence, what in found.items() if sequence > acknowledged}


@pytest.mark.parametrize("is_small", [False, True], ids=["ample", "small"])
def test_a_power_cut_at_any_byte_loses_nothing_committed(disk: Path, is_small: bool) -> None:
    """What append returned for is there, byte by byte, or declared for want of room; no number is given twice."""
    told, rng = life(7, is_small), random.Random(11)
    losses = 0
    for _ in range(CUTS):
        at = rng.randint(1, len(told.recording.ops))
        path = laid(disk, torn(*told.recording.durable(at), rng))
        with closing(open_outbox(path, STAMPER)) as file:
            losses += checked_after_a_cut(file, told, told.before(at))
        assert not list(disk.glob("*damaged*"))
    assert (losses > 0) == is_small


def checked_after_a_cut(file: OutboxFile, told: Life, moment: Moment) -> int:
    """All that was committed at `moment` is there, and the next number is new; how many events are declared lost."""
    queue = Queue(file)
    assert moment.last <= queue.last <= max(told.events)
    after = max(moment.acknowledged, queue.acknowledged)
    found = covered(file, after)
    for sequence in range(after + 1, queue.last + 1):
        what = found[sequence]
        assert what == told.events[sequence] or (isinstance(what, Lost) and what.reason == "evicted")
    if not queue.state().evidence_evicted:
        assert moment.evidence <= waiting_evidence(file) | told.delivered_next(moment)
    assert queue.append([entry(1)], NOON) == [queue.last]
    assert queue.last > moment.last
    return sum(isinstance(what, Lost) for what in found.values())


@pytest.mark.parametrize("is_folded", [False, True], ids=["log", "file"])
def test_damage_to_what_was_safe_is_noticed_and_declared(disk: Path, is_folded: bool) -> None:
    """Flipped bytes in a page or in the log: the file is set aside, what cannot be read is declared in its place.

    Only the last transaction of a log looks, when damaged, like one that a power cut tore: then it was never committed.
    """
    told, rng = life(7, False), random.Random(13)
    noticed = 0
    for _ in range(FLIPS):
        moment = rng.choice(told.moments[1:])
        files = {name: bytearray(content) for name, content in told.recording.durable(moment.ops)[0].items()}
        name = "outbox.db" if is_folded or not files.get("outbox.db-wal") else "outbox.db-wal"
        at = rng.randrange(len(files[name]))
        files[name][at] ^= 1 << rng.randrange(8)
        path = laid(disk, {name: bytes(content) for name, content in files.items()})
        noticed += checked_after_damage(path, told, moment, may_be_torn=name != "outbox.db")
    assert noticed > FLIPS // 10  # most bytes are pictures, free pages and older rounds of the log


def checked_after_damage(path: Path, told: Life, moment: Moment, may_be_torn: bool) -> bool:
    """Every sequence is the event that it was or declared lost, or the agent refuses to start; whether it was noticed."""
    try:
        file = open_outbox(path, STAMPER)
    except OutboxCorrupt as error:
        return "--continue-after" in str(error)
    with closing(file):
        queue = Queue(file)
        was_noticed = queue.state().corruptions > 0
        before = told.moments[told.moments.index(moment) - 1]
        assert queue.last == moment.last or (may_be_torn and not was_noticed and queue.last >= before.last)
        assert was_noticed == bool(list(path.parent.glob("*damaged*.db")))
        for sequence, what in covered(file, max(moment.acknowledged, queue.acknowledged)).items():
            assert what == told.events[sequence] or (isinstance(what, Lost) and what.reason == "corrupt" and was_noticed)
        assert set(covered(file, queue.acknowledged)) >= set(range(moment.acknowledged + 1, queue.last + 1))
        return was_noticed
