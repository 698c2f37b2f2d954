"""Measures two models on the labelled frames by running the program `tallyhouse-models evaluate` as a child of its own.

The child looks at pictures with native code that may hang or die; it is killed after a time, and when the centre stops.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import msgspec

from central.errors import Refused
from central.fleet.accuracy import Accuracy, Judged, compared
from central.fleet.archives import Archives, shipped
from central.store.releases import Release

PROGRAM = "tallyhouse-models"
TIMEOUT_S = 600.0
LOOK_S = 0.1
NICENESS = 10
LEAST_PEOPLE_SAID = 40  # pictures that people agree on, before they judge in place of the frames that lie there
LEAST_OF_EITHER = 10  # good parts and flawed ones
MOST_TOLD_CHARACTERS = 300


class Interrupted(Exception):
    """The centre stops: the measurement is made again after its next start."""


@dataclass(frozen=True)
class Pair:
    """A release, and the one that it is to replace; None: what ships with the program."""

    new: Release
    old: Release | None


def installed_program() -> Path:
    """Where the program lies: beside the Python that runs the centre."""
    return Path(sys.executable).with_name(PROGRAM)


@dataclass(frozen=True)
class Judge:
    """Runs the program; `stop` ends it at once."""

    archives: Archives
    stop: Event
    program: Path
    timeout_s: float = TIMEOUT_S
    clock_s: Callable[[], float] = time.monotonic
    _known: dict[tuple[str | None, str, int], Judged] = field(default_factory=dict)

    def accuracy(self, pair: Pair) -> Accuracy:
        """How both do on the same frames; what could not be measured keeps the new one back. Raises Interrupted."""
        frames = self._frames(pair.new.kind)
        if not frames.is_dir():
            return Accuracy(why="too_few_frames", detail=f"{frames} is missing; put labelled frames there")
        try:
            old, new = (self._remembered(release, pair.new.kind, frames) for release in (pair.old, pair.new))
        except Refused as error:
            return Accuracy(why="not_measured", detail=str(error)[:MOST_TOLD_CHARACTERS])
        return compared(pair.new.kind, old, new)

    def _frames(self, kind: str) -> Path:
        """What people agree on where it is enough, else what was put there by hand or drawn by the simulator."""
        own = self.archives.people_said / kind
        return own if _is_enough(own) else self.archives.labelled / kind

    def _remembered(self, release: Release | None, kind: str, frames: Path) -> Judged:
        """As measured before, while no frame has changed."""
        key = (None if release is None else release.sha256, kind, _state_of(frames))
        if key not in self._known:
            self._known[key] = self._measured(release, kind, frames)
        return self._known[key]

    def _measured(self, release: Release | None, kind: str, frames: Path) -> Judged:
        if release is None:
            return self._judged(shipped(kind), frames, ())
        with TemporaryDirectory(prefix="tallyhouse-release-") as folder:
            return self._judged(self.archives.unpacked(release, Path(folder)), frames, self.archives.keys)

    def _judged(self, bundle: Path, frames: Path, keys: tuple[str, ...]) -> Judged:
        """What the program prints. Raises Refused with its last words, or Interrupted."""
        trust = [word for key in keys for word in ("--trust", key)]
        command = [self.program, "evaluate", bundle, "--frames", frames, "--json", *trust]
        with TemporaryDirectory(prefix="tallyhouse-judging-") as scratch:
            out, told = Path(scratch) / "out", Path(scratch) / "told"
            try:
                self._run([str(word) for word in command], out, told)
            except Refused as error:
                raise Refused(str(error).replace(f"{bundle}{os.sep}", "")) from error
            try:
                return msgspec.json.decode(out.read_bytes(), type=Judged)
            except msgspec.MsgspecError as error:
                raise Refused(f"{PROGRAM} printed what is no evaluation ({error}); install the package again") from error

    def _run(self, command: list[str], out: Path, told: Path) -> None:
        try:
            with out.open("wb") as stdout, told.open("wb") as stderr:
                child = subprocess.Popen(command, stdout=stdout, stderr=stderr, start_new_session=True)
        except OSError as error:
            raise Refused(f"{self.program}: {error.strerror}; install the package with the extra `edge`") from error
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, child.pid, NICENESS)
        code = self._waited_for(child)
        if code != 0:
            last = told.read_text(errors="replace").strip().splitlines()[-1:] or [f"ended with {code}"]
            raise Refused(last[0])

    def _waited_for(self, child: "subprocess.Popen[bytes]") -> int:
        """Its exit code; killed with all its children when it takes too long or the centre stops."""
        ends_s = self.clock_s() + self.timeout_s
        try:
            while (code := child.poll()) is None:
                if self.clock_s() >= ends_s:
                    raise Refused(f"{PROGRAM} took longer than {self.timeout_s:.0f} s and was ended; label fewer frames")
                if self.stop.wait(LOOK_S):
                    raise Interrupted
            return code
        finally:
            if child.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                child.wait()


def _is_enough(folder: Path) -> bool:
    """Whether people said enough to judge by: so many pictures and, of parts, enough good ones and enough flawed ones."""
    pictures = [path.relative_to(folder).parts for path in folder.rglob("*.jpg")]
    good = sum(parts[0] == "good" for parts in pictures)
    is_of_shelves = (folder / "images").is_dir()
    return len(pictures) >= LEAST_PEOPLE_SAID and (is_of_shelves or min(good, len(pictures) - good) >= LEAST_OF_EITHER)


def _state_of(folder: Path) -> int:
    """Another number when a file below the folder came, went or changed."""
    files = sorted((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*") if path.is_file())
    return hash(tuple(files))
