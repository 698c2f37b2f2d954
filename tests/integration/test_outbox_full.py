"""A disk without room, for real: a small file system, or a limit on file size where none can be mounted."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from edge_agent.clock import DeviceClock
from edge_agent.errors import OutboxFull
from edge_agent.outbox.database import OutboxFile
from edge_agent.outbox.entry import Attachment, Stamper
from edge_agent.outbox.evidence import EvidenceSpool
from edge_agent.outbox.queue import Queue
from protocols.codec import encode, read_event
from protocols.messages.lost import Lost
from protocols.messages.registry import read_data
from tests.integration.edge_parts import entries, entry, opened_outbox
from tests.makers import NOON, defect

FILL = """
import sys
from pathlib import Path
from edge_agent.errors import OutboxFull
from edge_agent.outbox.database import OutboxFile
from edge_agent.outbox.queue import Queue
from tests.integration.edge_parts import entries
from tests.makers import NOON
queue = Queue(OutboxFile(Path(sys.argv[1])))
committed = 0
try:
    while True:
        committed = queue.append(entries(1, 20), NOON)[-1]
except OutboxFull as error:
    print(committed)
    print(error)
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of eight megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting needs root; the limit on file size is tested instead")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(path: Path) -> None:
    """Write until nothing more fits."""
    with path.open("wb") as ballast:
        while True:
            ballast.write(b"x" * 4096)
            ballast.flush()


def test_on_a_full_disk_nothing_committed_is_lost_and_acknowledgements_make_room(small_disk: Path) -> None:
    """Filled to the brim by another file too: the queue stays whole, takes acknowledgements, and goes on."""
    path = small_disk / "outbox.db"
    filled = subprocess.run([sys.executable, "-c", FILL, str(path)], capture_output=True, text=True, check=True, timeout=60)
    committed, said = filled.stdout.splitlines()
    assert "free space" in said
    with pytest.raises(OSError, match="No space"):
        fill(small_disk / "ballast")
    with opened_outbox(path) as (_, queue):
        assert queue.last == int(committed)
        assert queue.state().count == int(committed)
        queue.acknowledge(queue.last - 10)
        queue.prune()
        assert queue.append(entries(1, 20), NOON)[0] == int(committed) + 1
        assert queue.state().count == 30
        for _ in range(200):
            queue.append(entries(1, 20), NOON)


def append_without_end(queue: Queue) -> None:
    """Counts, fifty a commit."""
    while True:
        queue.append(entries(1, 50), NOON)


def test_on_a_full_disk_an_alarm_displaces_what_is_worth_less(small_disk: Path) -> None:
    """Nothing is given up for more of the same; a defect takes the place of counts, and that is declared."""
    path = small_disk / "outbox.db"
    subprocess.run([sys.executable, "-c", FILL, str(path)], capture_output=True, text=True, check=True, timeout=60)
    with opened_outbox(path) as (_, queue):
        with pytest.raises(OSError, match="No space"):
            fill(small_disk / "ballast")
        with pytest.raises(OutboxFull):
            append_without_end(queue)
        assert queue.state().evicted == 0
        before = queue.last
        alarm = replace(entry(1), kind="defect/1", data=encode(defect()), urgent=True)
        for _ in range(30):
            queue.append([alarm] * 20, NOON)
        assert queue.last == before + 600
        assert queue.state().evicted > 0
        assert [row.sequence for row in queue.urgent_after(0, 10**6, 10**6)] == list(range(queue.last, before, -1))
        loss = read_data("lost/1", read_event(queue.oldest_first(0, 1, 1)[0].event).data)
        assert isinstance(loss, Lost)
        assert (loss.first, loss.reason) == (1, "evicted")


def test_on_a_full_disk_the_centre_is_still_believed(small_disk: Path) -> None:
    """Evidence that is delivered, a cursor that moves, an event that is refused: each may fail, none breaks anything."""
    path = small_disk / "outbox.db"
    with opened_outbox(path) as (file, queue):
        picture = Attachment("image/jpeg", NOON, b"jpeg" * 500)
        queue.append([entry(1, attachment=picture), *entries(2, 50)], NOON)
        file.reserve.spend()
        with pytest.raises(OSError, match="No space"):
            fill(small_disk / "ballast")
        spool = EvidenceSpool(file)
        with suppress(OutboxFull):
            spool.delivered([picture.name])
        with suppress(OutboxFull):
            refused = Stamper(DeviceClock("b3f1")).entry(Lost(first=30, last=30, reason="refused"))
            queue.set_aside(30, "refused", refused)
        queue.acknowledge(20)
        assert queue.acknowledged == 20
        assert [row.sequence for row in queue.oldest_first(20, 10**6, 9)] == list(range(21, 30))
        (small_disk / "ballast").unlink()
        spool.delivered([picture.name])
        assert spool.count() == 0
        assert queue.append(entries(1, 1), NOON) == [51]


def limited() -> None:
    """At most 300 kB in one file, told by an error rather than a signal."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))


def test_a_quota_is_the_same_as_a_full_disk(tmp_path: Path) -> None:
    """The error names the file and the remedy, and what was committed is there afterwards."""
    path = tmp_path / "outbox.db"
    command = [sys.executable, "-c", FILL, str(path)]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    filled = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=60, preexec_fn=limited, env=environment
    )
    committed, said = filled.stdout.splitlines()
    assert "free space" in said
    file = OutboxFile(path)
    queue = Queue(file)
    assert queue.last == int(committed) > 0
    assert queue.append(entries(1, 1), NOON) == [int(committed) + 1]
    file.close()
