"""Real child programs: started, restarted, stopped in order, and never left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from central.errors import ChildFailed
from central.up.children import Children, Program
from tests.parts.ports import eventually

Found = TypeVar("Found")
TALKS = "import pathlib, signal, sys; pathlib.Path(sys.argv[1]).write_text('up'); signal.pause()"
STUBBORN = "import pathlib, signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + TALKS.partition("; ")[2]
NESTED = "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', sys.argv[2], sys.argv[1]]); child.wait()"


class Said(list[str]):
    """The lines that a person would have seen."""


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def children(tmp_path: Path, said: Said) -> Iterator[Children]:
    """Nothing outlives its test."""
    running = Children(tmp_path, said.append)
    yield running
    running.stop_all()


def program(name: str, folder: Path, code: str = TALKS, *more: str) -> Program:
    mark = folder / f"{name}.mark"
    return Program(name, (sys.executable, "-c", code, mark, *more), mark.exists)


def is_running(pid: int) -> bool:
    """Whether a process lives, and is not merely unburied."""
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def with_argument(mark: Path) -> list[int]:
    """Processes that were started with `mark`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(mark).encode() in (process / "cmdline").read_bytes().split(b"\0") and is_running(int(process.name)):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def tended(children: Children, look: Callable[[], Found]) -> Found:
    """What `look` sees after one more round of watching."""
    children.tend()
    return look()


def test_a_child_is_waited_for_and_stopped(children: Children, tmp_path: Path) -> None:
    """`start` returns when the child is ready; `stop` returns when it is gone."""
    children.start(program("serve", tmp_path))
    assert with_argument(tmp_path / "serve.mark")
    children.stop("serve")
    assert not with_argument(tmp_path / "serve.mark")


def test_a_child_that_never_gets_ready_says_why(children: Children, tmp_path: Path) -> None:
    """The error has the end of the log, so that nobody must look for it."""
    with pytest.raises(ChildFailed, match=r"(?s)serve ended with code 3; its log .*serve\.log ends:\n  no port for me"):
        children.start(program("serve", tmp_path, "import sys; print('no port for me', flush=True); sys.exit(3)"))


def test_a_child_that_dies_is_started_again_and_it_is_said(children: Children, tmp_path: Path, said: Said) -> None:
    """Patience is one second at first; the line names the log."""
    mark = tmp_path / "ingest.mark"
    children.start(program("ingest", tmp_path))
    (first,) = with_argument(mark)
    os.kill(first, signal.SIGKILL)
    eventually(lambda: tended(children, lambda: set(with_argument(mark)) - {first}), what="a new child")
    assert said == [f"ingest ended with code -9; again in 1 s; see {tmp_path / 'ingest.log'}"]


def test_patience_grows_while_a_child_keeps_dying(children: Children, tmp_path: Path, said: Said) -> None:
    """A broken program must not keep the machine busy."""
    once = tmp_path / "eye.mark"
    code = "import pathlib, sys; mark = pathlib.Path(sys.argv[1]); mark.exists() and sys.exit(1); mark.write_text('')"
    children.start(Program("eye", (sys.executable, "-c", code, once), once.exists))
    eventually(lambda: tended(children, lambda: len(said) == 3), what="three deaths")
    assert [line.partition("again in ")[2].partition(";")[0] for line in said] == ["1 s", "2 s", "4 s"]


def test_a_child_that_will_not_go_is_killed_with_its_own_children(
    children: Children, tmp_path: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing holds up the end of a house."""
    monkeypatch.setattr("central.up.children.STOP_TIMEOUT_S", 0.5)
    children.start(program("serve", tmp_path, NESTED, STUBBORN))
    children.stop("serve")
    eventually(lambda: not with_argument(tmp_path / "serve.mark"), what="the end of the grandchild")


def test_children_stop_in_the_opposite_order(children: Children, tmp_path: Path) -> None:
    """The broker, started first, goes last: whoever says goodbye is still heard."""
    ends = tmp_path / "ends"
    code = (
        "import pathlib, signal, sys; "
        "signal.signal(signal.SIGTERM, lambda *_: (open(sys.argv[2], 'a').write(sys.argv[3]), sys.exit(0))); "
        "pathlib.Path(sys.argv[1]).write_text('up'); signal.pause()"
    )
    for name in "abc":
        children.start(program(name, tmp_path, code, str(ends), name))
    children.stop_all()
    assert ends.read_text() == "cba"


def test_no_child_outlives_a_parent_that_was_killed(tmp_path: Path) -> None:
    """kill -9 of `up` leaves no orphan: the kernel ends its children."""
    mark = tmp_path / "orphan.mark"
    code = (
        "import pathlib, signal, sys\n"
        "from central.up.children import Children, Program\n"
        "mark = pathlib.Path(sys.argv[1])\n"
        "children = Children(mark.parent, print)\n"
        "children.start(Program('orphan', (sys.executable, '-c', sys.argv[2], mark), mark.exists))\n"
        "signal.pause()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, mark, TALKS], cwd=Path(__file__).parents[2]) as parent:
        eventually(mark.exists, what="the child")
        parent.kill()
    eventually(lambda: not with_argument(mark), what="the end of the orphan")
