"""A disk without room, for real: a small file system, or a limit on file size where none can be mounted."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.outbox.database import OutboxFile
from edge_agent.outbox.queue import Queue
from tests.integration.edge_parts import entries, opened_outbox
from tests.makers import NOON

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
