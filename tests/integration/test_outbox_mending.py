"""A damaged outbox on its way to a sound one, and what a power cut on that way leaves."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from edge_agent.clock import DeviceClock
from edge_agent.outbox.aside import KEPT_ASIDE
from edge_agent.outbox.budget import Budget
from edge_agent.outbox.database import log_of
from edge_agent.outbox.entry import Attachment, Stamper
from edge_agent.outbox.evidence import EvidenceSpool
from edge_agent.outbox.queue import Queue
from edge_agent.outbox.recovery import open_outbox
from edge_agent.outbox.snapshots import saved
from protocols.codec import read_event
from tests.integration.edge_parts import BOOT, entries, entry, opened_outbox
from tests.makers import NOON

STAMPER = Stamper(DeviceClock(BOOT))


def filled(path: Path) -> None:
    """Sixty events, twenty of them acknowledged, a picture, a saved state, everything folded back."""
    picture = Attachment("image/jpeg", NOON, b"jpeg" * 300)
    with opened_outbox(path) as (_, queue):
        queue.append(entries(1, 59), NOON, {"cam-1/shelf_count": b"state"})
        queue.append([entry(60, attachment=picture)], NOON)
        queue.acknowledge(20)
        queue.prune()


def changed(path: Path, statement: str) -> None:
    """A change behind the outbox's back, that its checksums do not know of."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def test_a_digit_that_changed_is_noticed_and_only_its_event_is_lost(tmp_path: Path) -> None:
    """Everything else moves on: events, evidence, the tasks' states, the grace, the counter."""
    path = tmp_path / "outbox.db"
    filled(path)
    changed(path, "UPDATE events SET event = CAST(replace(event, ':33,', ':34,') AS BLOB) WHERE sequence = 33")
    with closing(open_outbox(path, STAMPER)) as file:
        queue = Queue(file)
        kinds = {event.sequence: event.kind for event in map(read_event, raw_events(queue))}
        assert kinds == {n: "lost/1" if n == 33 else "shelf_count/1" for n in range(21, 61)}
        assert (queue.state().corruptions, queue.last, queue.acknowledged) == (1, 60, 20)
        assert (EvidenceSpool(file).count(), saved(file, "cam-1/shelf_count")) == (1, b"state")
        assert file.connection.execute("SELECT count(*) FROM events WHERE sequence <= 20").fetchone() == (20,)


def raw_events(queue: Queue) -> list[bytes]:
    """What waits, in the bytes in which it goes out."""
    found: list[bytes] = []
    after = queue.acknowledged
    while rows := queue.oldest_first(after, 10**9, 10**6):
        found += [row.event for row in rows]
        after = rows[-1].sequence
    return found


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM counter", "UPDATE counter SET last = 40", "UPDATE counter SET last = 4000", "DROP TABLE counter"],
)
def test_a_damaged_counter_is_told_from_the_rows(tmp_path: Path, statement: str) -> None:
    """The newest row is always there, so the next number is known; the centre is asked again about the acknowledged ones."""
    path = tmp_path / "outbox.db"
    filled(path)
    changed(path, statement)
    with closing(open_outbox(path, STAMPER)) as file:
        queue = Queue(file)
        assert (queue.last, queue.acknowledged) == (60, 0)
        assert queue.append(entries(1, 1), NOON) == [61]


def test_rows_that_vanished_are_missed(tmp_path: Path) -> None:
    """A page that was written and never arrived takes whole rows along: the sequence shows it."""
    path = tmp_path / "outbox.db"
    filled(path)
    changed(path, "DELETE FROM events WHERE sequence BETWEEN 30 AND 39 OR sequence > 55")
    with closing(open_outbox(path, STAMPER)) as file:
        lost = [event.sequence for event in map(read_event, raw_events(Queue(file))) if event.kind == "lost/1"]
        assert lost == [30, 56]
        assert Queue(file).append(entries(1, 1), NOON) == [61]


def test_a_power_cut_while_mending_only_delays_it(tmp_path: Path) -> None:
    """At each step on the way to the damaged file's place the next start goes on, and nothing begins at one again."""
    (tmp_path / "sound").mkdir()
    filled(tmp_path / "sound" / "outbox.db")
    steps: list[Callable[[Path], object]] = [
        lambda path: path.with_name("outbox.making.db").write_bytes(b"half"),
        lambda path: path.rename(path.with_name("outbox.mended.db")),
        lambda path: (
            shutil.copy(path, path.with_name("outbox.mended.db")),
            path.write_bytes(b"damaged"),
            log_of(path).write_bytes(b"damaged"),
        ),
    ]
    for number, step in enumerate(steps):
        path = tmp_path / str(number) / "outbox.db"
        shutil.copytree(tmp_path / "sound", path.parent)
        step(path)
        with closing(open_outbox(path, STAMPER)) as file:
            assert Queue(file).append(entries(1, 1), NOON) == [61]
            assert len(raw_events(Queue(file))) == 41


def test_the_newest_damaged_files_are_kept_and_older_ones_make_room(tmp_path: Path) -> None:
    """A card that is dying must not fill itself with its own past."""
    path = tmp_path / "outbox.db"
    for day in range(1, 5):
        filled(path)
        changed(path, "DELETE FROM events WHERE sequence = 30")
        on_that_day = DeviceClock(BOOT, wall=lambda day=day: NOON.replace(day=day))  # type: ignore[misc]
        open_outbox(path, replace(STAMPER, clock=on_that_day)).close()
        path.unlink()
    assert [aside.name[:24] for aside in sorted(tmp_path.glob("*damaged*.db"))] == [
        "outbox.damaged-20261103T",
        "outbox.damaged-20261104T",
    ][-KEPT_ASIDE:]


def test_damaged_files_leave_before_anything_that_waits(tmp_path: Path) -> None:
    """They count in the budget; an outbox that is short of room drops them, and declares nothing lost for their sake."""
    path = tmp_path / "outbox.db"
    filled(path)
    changed(path, "DELETE FROM events WHERE sequence = 30")
    with closing(open_outbox(path, STAMPER)) as file:
        (damaged,) = tmp_path.glob("*damaged*.db")
        room_bytes = file.occupied_bytes() - damaged.stat().st_size // 2
        Queue(file, Budget(room_bytes, 0)).append(entries(1, 1), NOON)
        assert not list(tmp_path.glob("*damaged*"))
        assert file.occupied_bytes() < room_bytes
        assert Queue(file).state().evicted == 0
