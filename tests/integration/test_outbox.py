"""The outbox on a real SQLite file: gapless, never forgetting, never blocked."""

import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from edge_agent.clock import DeviceClock
from edge_agent.errors import OutboxBusy, OutboxCorrupt
from edge_agent.outbox.database import OutboxFile
from edge_agent.outbox.entry import Attachment, Stamper
from edge_agent.outbox.evidence import EvidenceSpool
from edge_agent.outbox.queue import Queue
from edge_agent.outbox.recovery import continue_after, open_outbox
from edge_agent.outbox.snapshots import saved
from edge_agent.outbox.state import oldest_age_s
from edge_agent.outbox.view import shown
from protocols.codec import encode, read_event
from protocols.messages.lost import Lost
from protocols.messages.registry import EventData, kind_of, read_data
from tests.integration.edge_parts import BOOT, entries, entry, opened_outbox
from tests.makers import NOON, defect, equipment_anomaly
from tests.parts.ports import eventually

STAMPER = Stamper(DeviceClock(BOOT))


def waiting(queue: Queue) -> list[int]:
    """Sequences not acknowledged, as the sender sees them."""
    return [row.sequence for row in queue.oldest_first(queue.acknowledged, 10**9, 10**6)]


class OutboxLaws(RuleBasedStateMachine):
    """Whatever is appended, acknowledged, pruned, set aside, closed and opened, the queue stays a gapless suffix."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(mkdtemp(prefix="outbox-laws-"))
        self.file = OutboxFile(self.folder / "outbox.db")
        self.queue = Queue(self.file)
        self.appended = self.acknowledged = 0
        self.aside: set[int] = set()

    @rule(count=st.integers(1, 70))
    def append(self, count: int) -> None:
        """New events follow the last one."""
        given_out = self.queue.append(entries(self.appended + 1, self.appended + count), NOON)
        assert given_out == list(range(self.appended + 1, self.appended + count + 1))
        self.appended += count

    @rule(share=st.floats(0, 1.2))
    def acknowledge(self, share: float) -> None:
        """The centre acknowledges some prefix, perhaps beyond the end."""
        upto = int(self.appended * share)
        self.queue.acknowledge(upto)
        self.acknowledged = max(self.acknowledged, min(upto, self.appended))

    @rule(share=st.floats(0, 1))
    def set_aside(self, share: float) -> None:
        """One event that waits is refused."""
        sequence = self.acknowledged + 1 + int(share * (self.appended - self.acknowledged - 1))
        if self.acknowledged < sequence <= self.appended:
            self.queue.set_aside(sequence, "refused", STAMPER.entry(Lost(first=sequence, last=sequence, reason="refused")))
            self.aside.add(sequence)

    @rule()
    def prune(self) -> None:
        """Acknowledged rows leave the file."""
        self.queue.prune()

    @rule()
    def reopen(self) -> None:
        """A clean restart: the cursor on disk may be older, never newer."""
        self.queue.prune()
        self.file.close()
        self.file = OutboxFile(self.folder / "outbox.db")
        self.queue = Queue(self.file)

    @invariant()
    def the_queue_is_what_is_not_acknowledged(self) -> None:
        """Exactly the suffix behind the cursor, each with its own number, refused ones as declared losses."""
        assert waiting(self.queue) == list(range(self.acknowledged + 1, self.appended + 1))
        state = self.queue.state()
        assert (state.count, state.last) == (self.appended - self.acknowledged, self.appended)
        assert state.set_aside == len(self.aside)
        for row in self.queue.oldest_first(self.queue.acknowledged, 10**9, 10**6):
            event = read_event(row.event)
            assert event.sequence == row.sequence
            assert (event.kind == "lost/1") == (row.sequence in self.aside)

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.file.close()
        for file in self.folder.iterdir():
            file.unlink()
        self.folder.rmdir()


TestOutboxLaws = OutboxLaws.TestCase
TestOutboxLaws.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)


@settings(max_examples=10)
@given(limit=st.integers(1, 5000))
def test_a_batch_never_passes_its_limit_unless_it_is_one_event(tmp_path_factory: pytest.TempPathFactory, limit: int) -> None:
    """Rows are taken while they fit."""
    with opened_outbox(tmp_path_factory.mktemp("o") / "outbox.db") as (_, queue):
        queue.append(entries(1, 20), NOON)
        rows = queue.oldest_first(0, limit, 200)
        assert len(rows) == 1 or sum(len(row.event) + 1 for row in rows) <= limit


def test_an_event_written_before_the_clock_was_right_has_no_age(tmp_path: Path) -> None:
    """A device that woke up in 1970 has not waited for half a century once its clock is set."""
    with opened_outbox(tmp_path / "outbox.db") as (_, queue):
        queue.append([entry(1)], datetime(1970, 1, 1, tzinfo=UTC))
        assert oldest_age_s(queue.state(), NOON) == 0
        queue.acknowledge(1)
        queue.append([entry(2)], NOON)
        assert oldest_age_s(queue.state(), NOON + timedelta(seconds=7)) == 7
        assert oldest_age_s(queue.state(), datetime(1970, 1, 1, tzinfo=UTC)) == 0


def test_a_batch_holds_events_of_one_boot(tmp_path: Path) -> None:
    """Monotonic time means nothing across boots."""
    with opened_outbox(tmp_path / "outbox.db") as (_, queue):
        queue.append([entry(1, "one"), entry(2, "one"), entry(3, "two")], NOON)
        assert [(row.sequence, row.boot) for row in queue.oldest_first(0, 10**6, 200)] == [(1, "one"), (2, "one")]
        assert [(row.sequence, row.boot) for row in queue.oldest_first(2, 10**6, 200)] == [(3, "two")]


def test_an_event_its_evidence_and_the_task_state_are_one_commit(tmp_path: Path) -> None:
    """Evidence leaves when its hash is acknowledged; a state that was tampered with is not used."""
    picture = Attachment("image/jpeg", NOON, b"\xff\xd8 picture")
    with opened_outbox(tmp_path / "outbox.db") as (file, queue):
        queue.append([entry(1, attachment=picture)], NOON, {"cam-1/defects": b'{"version":1}'})
        spool = EvidenceSpool(file)
        piece = spool.next_after(0, upto=1)
        assert piece is not None
        assert (piece.name, piece.attachment) == (picture.name, picture)
        assert read_event(queue.oldest_first(0, 10**6, 1)[0].event).evidence == picture.name
        assert spool.next_after(0, upto=0) is None
        assert (spool.delivered([picture.name]), spool.count()) == (1, 0)
        assert saved(file, "cam-1/defects") == b'{"version":1}'
        file.connection.execute("UPDATE snapshots SET state = ?", (b"{}",))
        assert saved(file, "cam-1/defects") is None


def test_the_next_picture_is_found_when_the_newest_has_left(tmp_path: Path) -> None:
    """Whoever sends goes on from the last one: a new piece never hides in the place of one that was delivered."""
    first, second = (Attachment("image/jpeg", NOON, bytes([0xFF, 0xD8, number])) for number in (1, 2))
    with opened_outbox(tmp_path / "outbox.db") as (file, queue):
        spool = EvidenceSpool(file)
        queue.append([entry(1, attachment=first)], NOON)
        spool.delivered([first.name])
        queue.append([entry(2, attachment=second)], NOON)
        piece = spool.next_after(1, upto=2)
        assert piece is not None
        assert piece.name == second.name


def test_a_second_agent_is_kept_out(tmp_path: Path) -> None:
    """Two writers of one counter would give a sequence twice."""
    with opened_outbox(tmp_path / "outbox.db"), pytest.raises(OutboxBusy, match="another agent"):
        OutboxFile(tmp_path / "outbox.db")


def test_a_damaged_file_is_set_aside_and_its_numbers_go_on(tmp_path: Path) -> None:
    """What can be read moves on, what cannot is declared lost in its place, the damaged file stays."""
    path = tmp_path / "outbox.db"
    with opened_outbox(path) as (file, queue):
        queue.append(entries(1, 300), NOON)
        queue.acknowledge(10)
        queue.prune()
        file.make_room()
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 1024 * 1024
    content[middle : middle + 3072] = b"\xa5" * 3072
    path.write_bytes(content)
    file = open_outbox(path, STAMPER)
    queue = Queue(file)
    covered: list[int] = []
    for row in queue.oldest_first(queue.acknowledged, 10**9, 10**6) + rest_of_another_boot(queue):
        event = read_event(row.event)
        data = read_data(event.kind, event.data)
        covered += range(data.first, data.last + 1) if isinstance(data, Lost) else [event.sequence]
    rows = file.connection.execute("SELECT event FROM events WHERE sequence > 10")
    lost = 290 - sum(1 for row in rows if b'"shelf_count/1"' in row[0])
    assert sorted(covered) == list(range(11, 301))
    assert 0 < lost < 60
    assert queue.append([entry(301)], NOON) == [301]
    assert queue.state().corruptions == 1
    assert list(tmp_path.glob("outbox.damaged-*.db"))
    file.close()


def rest_of_another_boot(queue: Queue) -> list:  # type: ignore[type-arg]
    """All rows behind the first batch."""
    rows, after = [], queue.oldest_first(queue.acknowledged, 10**9, 10**6)[-1].sequence
    while batch := queue.oldest_first(after, 10**9, 10**6):
        rows += batch
        after = batch[-1].sequence
    return rows


def test_without_its_counter_nothing_is_guessed(tmp_path: Path) -> None:
    """The agent refuses to start and names the remedy; the remedy works."""
    path = tmp_path / "outbox.db"
    path.write_bytes(b"not a database, not at all" * 100)
    with pytest.raises(OutboxCorrupt, match="--continue-after N"):
        open_outbox(path, STAMPER)
    assert continue_after(path, 4711, NOON) == 0
    with opened_outbox(path) as (_, queue):
        assert queue.append([entry(1)], NOON) == [4712]


def test_waiting_events_are_numbered_behind_the_centres(tmp_path: Path) -> None:
    """A new file whose numbers the centre has seen already gets new ones; evidence follows its event."""
    path = tmp_path / "outbox.db"
    with opened_outbox(path) as (_, queue):
        queue.append([entry(1), entry(2, attachment=Attachment("image/jpeg", NOON, b"jpeg"))], NOON)
    assert continue_after(path, 1000, NOON) == 2
    with opened_outbox(path) as (file, queue):
        assert waiting(queue) == [1001, 1002]
        piece = EvidenceSpool(file).next_after(0, 10**6)
        assert piece is not None
        assert piece.sequence == 1002
    assert shown(path).last_sequence == 1002


APPEND_FOR_EVER = """
import sys
from pathlib import Path
from edge_agent.outbox.database import OutboxFile
from edge_agent.outbox.queue import Queue
from tests.integration.edge_parts import entries
from tests.makers import NOON, defect, equipment_anomaly
queue = Queue(OutboxFile(Path(sys.argv[1])))
while True:
    last = queue.append(entries(1, 7), NOON)[-1]
    print(last, flush=True)
    queue.acknowledge(last - 500)
"""


@pytest.mark.parametrize("commits", [1, 5, 40])
def test_a_kill_in_the_middle_of_commits_leaves_no_hole(tmp_path: Path, commits: int) -> None:
    """kill -9 at any moment: what was reported committed is there, whole, and numbers go on."""
    path = tmp_path / "outbox.db"
    command = [sys.executable, "-c", APPEND_FOR_EVER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        reported = [int(writer.stdout.readline()) for _ in range(commits)][-1]
        writer.send_signal(signal.SIGKILL)
        writer.stdout.read()
    with opened_outbox(path) as (_, queue):
        present = waiting(queue)
        assert present == list(range(queue.acknowledged + 1, queue.last + 1))
        assert queue.last >= reported
        assert queue.last % 7 == 0
        assert queue.append([entry(1)], NOON) == [queue.last]


def test_a_look_at_the_outbox_does_not_disturb_the_agent(tmp_path: Path) -> None:
    """The view reads while the agent holds the file."""
    path = tmp_path / "outbox.db"
    with opened_outbox(path) as (_, queue):
        queue.append(entries(1, 3), NOON)
        queue.set_aside(2, "refused", STAMPER.entry(Lost(first=2, last=2, reason="refused")))
        view = eventually(lambda: shown(path))
        assert (view.count, view.set_aside_count, view.set_aside[0].kind) == (3, 1, "shelf_count/1")
        assert "set aside    1" in view.as_text()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA page_size").fetchone() == (1024,)
    connection.close()


def test_alarms_and_defects_can_overtake_a_backlog_newest_first(tmp_path: Path) -> None:
    """Not acknowledged, bounded in count and bytes, of one boot; both ends of an alarm, and whatever a task calls urgent."""
    kinds: dict[int, EventData] = {3: defect(), 6: equipment_anomaly(), 7: equipment_anomaly(phase="clear"), 9: defect()}
    boots = {number: "first" if number < 6 else "second" for number in range(1, 13)}
    backlog = [replace(entry(number, boots[number]), urgent=number == 12) for number in range(1, 13)]
    for number, data in kinds.items():
        backlog[number - 1] = replace(backlog[number - 1], kind=kind_of(data), data=encode(data))
    with opened_outbox(tmp_path / "outbox.db") as (_, queue):
        queue.append(backlog, NOON)
        assert urgent(queue, 0) == [12, 9, 7, 6]
        assert urgent(queue, 0, before=6) == [3]
        assert urgent(queue, 9) == [12]
        assert urgent(queue, 0, count=2) == [12, 9]
        assert [row.sequence for row in queue.urgent_after(0, 1, 200)] == [12]
        queue.acknowledge(9)
        assert urgent(queue, 0) == [12]
        queue.acknowledge(12)
        assert urgent(queue, 0) == []


def urgent(queue: Queue, after: int, count: int = 200, before: int | None = None) -> list[int]:
    """Sequences of the urgent events that the news lane would take."""
    return [row.sequence for row in queue.urgent_after(after, 10**6, count, before)]
