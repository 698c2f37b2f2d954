"""Labelled frames for a demo house, written beside its start: models are measured on them until people label their own."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType

FRAMES: Mapping[str, int] = MappingProxyType({"shelf_count": 24, "defects": 24})
NICENESS = 10


@contextmanager
def frames_labelled(folder: Path, scene: str) -> Iterator[None]:
    """While the block runs, a program for each kind that has no frames yet; what it writes is there whole or not at all."""
    program = Path(sys.executable).with_name("tallyhouse-sim")
    missing = [kind for kind in FRAMES if not (folder / kind).exists()]
    calls = [[program, "frames", kind, "--scene", scene, "--out", folder / kind] for kind in missing]
    children = [_started([*map(str, call), "--count", str(FRAMES[kind])]) for kind, call in zip(missing, calls, strict=True)]
    try:
        yield
    finally:
        for child in children:
            child.terminate()
            child.wait()


def _started(command: list[str]) -> "subprocess.Popen[bytes]":
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, child.pid, NICENESS)
    return child
