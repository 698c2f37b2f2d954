"""An outbox that may take so much and no more: what leaves first, that it is declared, and what is kept for a while."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.clock import DeviceClock
from edge_agent.errors import OutboxUnusable
from edge_agent.outbox.budget import Budget
from edge_agent.outbox.database import OutboxFile, log_of
from edge_agent.outbox.entry import Attachment, Entry, Stamper
from edge_agent.outbox.evidence import EvidenceSpool
from edge_agent.outbox.queue import Queue
from edge_agent.outbox.recovery import open_outbox
from edge_agent.outbox.reserve import RESERVE_BYTES
from edge_agent.outbox.view import shown
from protocols.codec import encode, read_event
from protocols.envelope import Event
from protocols.messages.lost import Lost
from protocols.messages.registry import EventData, kind_of, read_data
from tests.integration.edge_parts import BOOT, entries, entry
from tests.makers import NOON, defect, sensor_summary

STAMPER = Stamper(DeviceClock(BOOT))
ROOM_BYTES = RESERVE_BYTES + 400_000


@contextmanager
def outbox(path: Path, budget: Budget) -> Iterator[tuple[OutboxFile, Queue]]:
    """An outbox with a budget, whose log is folded back early as it is on a small one."""
    file = OutboxFile(path)
    file.connection.execute("PRAGMA wal_autocheckpoint = 50")
    try:
        yield file, Queue(file, budget)
    finally:
        file.close()


def said(sequence: int, data: EventData, picture: bytes | None = None) -> Entry:
    """An entry around `data`."""
    attachment = None if picture is None else Attachment("image/jpeg", NOON, picture)
    return replace(entry(sequence, attachment=attachment), kind=kind_of(data), data=encode(data))


def waiting(queue: Queue) -> list[Event]:
    """Everything not acknowledged, in order."""
    found: list[Event] = []
    after = queue.acknowledged
    while rows := queue.oldest_first(after, 10**9, 10**6):
        found += [read_event(row.event) for row in rows]
        after = rows[-1].sequence
    return found


def spans(events: list[Event]) -> list[tuple[int, int]]:
    """The sequences that each event covers, first and last."""
    return [(event.sequence, loss.last if (loss := lost(event)) else event.sequence) for event in events]


def lost(event: Event) -> Lost | None:
    """The loss that an event declares."""
    data = read_data(event.kind, event.data)
    return data if isinstance(data, Lost) else None


def assert_gapless(queue: Queue) -> None:
    """Each event begins where the one before ended, up to the last sequence given; the state counts the same."""
    state = queue.state()
    rows = "SELECT count(*), coalesce(sum(length(event)), 0) FROM events WHERE sequence > ?"
    counted = queue._file.connection.execute(rows, (queue.acknowledged,)).fetchone()
    assert (state.count, state.bytes) == counted
    due = queue.acknowledged + 1
    for first, last in spans(waiting(queue)):
        assert first == due
        due = last + 1
    assert due == queue.last + 1


def test_the_least_precious_leaves_first_and_every_loss_is_declared(tmp_path: Path) -> None:
    """Minutes of machines, then counts, defects last; the range stands in its place and counts what it was."""
    with outbox(tmp_path / "outbox.db", Budget(ROOM_BYTES, 0)) as (file, queue):
        given_out: Counter[str] = Counter()
        for number in range(0, 6000, 20):
            kinds = [sensor_summary(), sensor_summary(), defect() if number % 100 == 0 else sensor_summary()]
            made = [said(number + i, kinds[i] if i < 3 else entry_data(i)) for i in range(20)]
            queue.append(made, NOON)
            given_out.update(one.kind for one in made)
            assert file.occupied_bytes() <= ROOM_BYTES
        left = waiting(queue)
        assert_gapless(queue)
        kept = Counter(event.kind for event in left if event.kind != "lost/1")
        told: Counter[str] = Counter()
        for event in left:
            if (loss := lost(event)) is not None:
                assert loss.reason == "evicted"
                told.update(loss.kinds)
        assert told + kept == given_out
        assert kept["defect/1"] == given_out["defect/1"]
        assert kept["sensor_summary/1"] < kept["shelf_count/1"] < given_out["shelf_count/1"]
        assert queue.state().evicted == sum(told.values())
        assert queue.state().count < 2500


def entry_data(number: int) -> EventData:
    """A shelf count."""
    return read_data("shelf_count/1", entry(number).data) or defect()


def test_neighbouring_ranges_become_one(tmp_path: Path) -> None:
    """A week without a centre leaves one declaration, not a thousand."""
    with outbox(tmp_path / "outbox.db", Budget(RESERVE_BYTES + 200_000, 0)) as (_, queue):
        for number in range(0, 4000, 50):
            queue.append(entries(number, number + 49), NOON)
        first, *others = waiting(queue)
        loss = lost(first)
        assert loss is not None
        assert loss.first == 1
        assert loss.kinds == {"shelf_count/1": loss.last}
        assert all(event.kind == "shelf_count/1" for event in others)
        assert_gapless(queue)


def test_pictures_leave_before_any_event_those_of_alarms_last(tmp_path: Path) -> None:
    """Evidence has its own limit; what the centre has leaves first of all, and the events stay."""
    with outbox(tmp_path / "outbox.db", Budget(50 * RESERVE_BYTES, 100_000)) as (file, queue):
        rng, spool = random.Random(3), EvidenceSpool(file)
        first = said(1, defect(), rng.randbytes(9000))
        queue.append([first], NOON)
        queue.append([said(2, entry_data(2), rng.randbytes(9000))], NOON)
        delivered = spool.next_after(1, 2)
        assert delivered is not None
        spool.delivered([delivered.name])
        for number in range(3, 40):
            queue.append([said(number, entry_data(number), rng.randbytes(9000))], NOON)
            held = file.connection.execute("SELECT sum(length(data)) FROM evidence").fetchone()[0]
            assert held <= 100_000
        kept = [row[0] for row in file.connection.execute("SELECT sequence FROM evidence ORDER BY sequence")]
        assert kept[0] == 1
        assert kept[1:] == list(range(kept[1], 40))
        assert queue.state().evicted == 0
        assert queue.state().evidence_evicted == 39 - len(kept) - 1
        assert_gapless(queue)


def test_what_is_acknowledged_goes_before_anything_that_waits(tmp_path: Path) -> None:
    """Grace is free to drop: nothing is declared while rows are here that the centre has."""
    with outbox(tmp_path / "outbox.db", Budget(ROOM_BYTES, 0)) as (_, queue):
        for number in range(0, 3000, 50):
            queue.append(entries(number, number + 49), NOON)
            queue.acknowledge(queue.last - 100)
        assert queue.state().evicted == 0
        assert [event.sequence for event in waiting(queue)] == list(range(queue.last - 99, queue.last + 1))


def test_the_grace_ends_with_its_bytes_or_its_hours(tmp_path: Path) -> None:
    """The newest acknowledged rows stay within the limit; after a day they leave, the probe alone stays."""
    grace = Budget(grace_s=24 * 3600, grace_bytes=1_000_000)
    with outbox(tmp_path / "outbox.db", grace) as (file, queue):
        for number in range(0, 6000, 50):
            queue.append(entries(number, number + 49), NOON)
            queue.acknowledge(queue.last)
        kept, size = rows_and_bytes(file, queue.acknowledged)
        assert 1_000_000 - 2000 * 400 < size < 1_100_000
        assert kept > 500
        for hours in range(1, 27):
            queue.append(entries(1, 1), NOON + timedelta(hours=hours))
        assert rows_and_bytes(file, queue.acknowledged)[0] == 1
        assert queue.probe() is not None


def rows_and_bytes(file: OutboxFile, upto: int) -> tuple[int, int]:
    """How many acknowledged rows are here, and their bytes."""
    query = "SELECT count(*), coalesce(sum(length(event)), 0) FROM events WHERE sequence <= ?"
    count, size = file.connection.execute(query, (upto,)).fetchone()
    return int(count), int(size)


def test_delivered_pictures_stay_for_the_grace_and_go_again_when_asked(tmp_path: Path) -> None:
    """A restored centre gets them again; the same picture is not sent twice meanwhile; after a day they leave."""
    picture = b"\\xff\\xd8" + bytes(900)
    with outbox(tmp_path / "outbox.db", Budget()) as (file, queue):
        spool = EvidenceSpool(file)
        queue.append([said(1, defect(), picture)], NOON)
        name = (spool.next_after(0, 1) or pytest.fail("no piece")).name
        assert (spool.delivered([name]), spool.count(), spool.next_after(0, 9)) == (1, 0, None)
        queue.append([said(2, defect(), picture)], NOON)
        assert spool.count() == 0
        spool.forget_delivered()
        assert (spool.next_after(0, 9) or pytest.fail("not sent again")).name == name
        spool.delivered([name])
        for hours in range(1, 26):
            queue.append(entries(3, 3), NOON + timedelta(hours=hours))
        assert file.connection.execute("SELECT count(*) FROM evidence").fetchone() == (0,)


@pytest.mark.parametrize("leap", [timedelta(days=3), timedelta(days=-3), timedelta(hours=2, minutes=1)])
def test_a_leap_of_the_wall_clock_neither_ends_nor_prolongs_the_grace(tmp_path: Path, leap: timedelta) -> None:
    """Half a day before it, half a day after it, also over a restart; rows and pictures alike."""
    path, begin = tmp_path / "outbox.db", NOON + timedelta(days=9)
    with outbox(path, Budget()) as (file, queue):
        queue.append([said(1, defect(), bytes(900))], begin)
        queue.acknowledge(1)
        EvidenceSpool(file).delivered([(EvidenceSpool(file).next_after(0, 1) or pytest.fail("no piece")).name])
        for hours in range(1, 13):
            queue.append(entries(1, 1), begin + timedelta(hours=hours))
    with outbox(path, Budget()) as (file, queue):
        queue.acknowledge(queue.last)
        for hours in range(14, 24):
            queue.append(entries(1, 1), begin + leap + timedelta(hours=hours))
        assert (kept_rows(file, 1), kept_pieces(file)) == (1, 1)
        for hours in range(24, 28):
            queue.append(entries(1, 1), begin + leap + timedelta(hours=hours))
        assert (kept_rows(file, 1), kept_pieces(file)) == (0, 0)


def kept_rows(file: OutboxFile, upto: int) -> int:
    """How many rows up to there are here."""
    return rows_and_bytes(file, upto)[0]


def kept_pieces(file: OutboxFile) -> int:
    """How many pieces of evidence are here."""
    return int(file.connection.execute("SELECT count(*) FROM evidence").fetchone()[0])


def test_an_upload_goes_on_where_it_was_after_a_restart(tmp_path: Path) -> None:
    """Which bytes the centre has is on disk."""
    with outbox(tmp_path / "outbox.db", Budget()) as (file, queue):
        queue.append([said(1, defect(), bytes(3000))], NOON)
        spool = EvidenceSpool(file)
        piece = spool.next_after(0, 1)
        assert piece is not None
        spool.progressed(piece.name, 1024)
    with outbox(tmp_path / "outbox.db", Budget()) as (file, _):
        again = EvidenceSpool(file).next_after(0, 1)
        assert again is not None
        assert (again.name, again.offset) == (piece.name, 1024)


def test_a_picture_that_no_longer_fits_its_name_is_not_sent(tmp_path: Path) -> None:
    """The centre would refuse it for ever; the next one goes."""
    with outbox(tmp_path / "outbox.db", Budget()) as (file, queue):
        queue.append([said(1, defect(), b"one"), said(2, defect(), b"two")], NOON)
        file.connection.execute("UPDATE evidence SET data = x'00' WHERE sequence = 1")
        piece = EvidenceSpool(file).next_after(0, 2)
        assert piece is not None
        assert (piece.sequence, EvidenceSpool(file).count()) == (2, 1)


@settings(max_examples=25, deadline=None)
@given(upto=st.integers(1, 60))
def test_an_acknowledgement_inside_a_declared_range_leaves_its_rest_declared(
    tmp_path_factory: pytest.TempPathFactory, upto: int
) -> None:
    """The centre had got further before the range was declared: it goes on from there, without a hole."""
    with outbox(tmp_path_factory.mktemp("o") / "outbox.db", Budget(RESERVE_BYTES + 60_000, 0)) as (_, queue):
        for number in range(0, 600, 20):
            queue.append(entries(number, number + 19), NOON)
        assert spans(waiting(queue))[0][1] > 60
        queue.acknowledge(upto)
        assert queue.acknowledged == upto
        assert waiting(queue)[0].sequence == upto + 1
        assert_gapless(queue)


def test_a_look_shows_classes_room_grace_and_what_had_to_leave(tmp_path: Path) -> None:
    """In the terms of the budget."""
    path = tmp_path / "outbox.db"
    with outbox(path, Budget(ROOM_BYTES, 0)) as (_, queue):
        queue.append([said(1, defect()), said(2, sensor_summary())], NOON)
        queue.acknowledge(1)
        queue.prune()
        view = shown(path, Budget(ROOM_BYTES, 0))
        assert view.classes == {"summary": 1}
        assert (view.room.grace_events, view.room.evicted_events) == (1, 0)
        assert view.room.files_bytes == sum(p.stat().st_size for p in (path, log_of(path), path.with_suffix(".reserve")))
        for number in range(0, 3000, 50):
            queue.append(entries(number, number + 49), NOON)
        text = shown(path, Budget(ROOM_BYTES, 0)).as_text()
    assert "events (declared)" in text
    assert "classes      1 declared," in text


def test_an_outbox_of_a_newer_agent_is_left_as_it_is(tmp_path: Path) -> None:
    """An older agent after a step back neither reads it wrongly nor takes it for damaged."""
    path = tmp_path / "outbox.db"
    with outbox(path, Budget()) as (file, queue):
        queue.append(entries(1, 3), NOON)
        later = "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('outbox', '9999_later', '')"
        file.connection.execute(later)
    with pytest.raises(OutboxUnusable, match="newer agent"):
        open_outbox(path, STAMPER)
    assert [part.name for part in tmp_path.glob("*.db")] == ["outbox.db"]
