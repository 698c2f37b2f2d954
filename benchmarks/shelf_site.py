"""The site calibration as a site runs it: the command, in the training environment, signed with a key of its own."""

import os
import resource
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from protocols.signing import public_text
from vision_models.inference.shelf import ShelfDetector
from vision_models.training.release import release, release_key

FRAMES, CPU_S, MOST_S = 5, 100, 14400
_PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Site:
    """A detector that a site's frames were shown to, and what that cost."""

    detector: ShelfDetector
    cpu_s: float


def chosen(count: int, seed: int | None) -> list[int]:
    """Which frames of a video are labelled: the middle of each of five equal stretches, or five drawn by seed."""
    if seed is not None:
        return sorted(int(n) for n in np.random.default_rng(seed).choice(count, FRAMES, replace=False))
    return [int((stretch + 0.5) * count / FRAMES) for stretch in range(FRAMES)]


def trainer() -> Path | None:
    """Python of the training environment, when it was built."""
    python = _PROJECT / ".venv-train" / "bin" / "python"
    return python if python.exists() else None


def calibrated(bundle: Path, labelled: Sequence[tuple[Path, Path]], scratch: Path) -> Site:
    """The bundle after the site calibration on these pictures with their labels; `scratch` is an empty folder."""
    frames, out = scratch / "frames", scratch / "site"
    for kind in ("images", "labels"):
        (frames / kind).mkdir(parents=True)
    for picture, label in labelled:
        (frames / "images" / picture.name).symlink_to(picture.resolve())
        (frames / "labels" / label.name).symlink_to(label.resolve())
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    command = [str(trainer()), "-m", "vision_models.cli", "train", "site", "--bundle", str(bundle), "--frames", str(frames)]
    # One thread: the calibration is budgeted in CPU seconds.
    environment = {**os.environ, "PYTHONPATH": str(_PROJECT), "OMP_NUM_THREADS": "1"}
    subprocess.run(
        [*command, "--out", str(out), "--cpu-seconds", str(CPU_S)], check=True, env=environment, timeout=MOST_S, cwd=_PROJECT
    )
    cpu_s = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    key = release_key(scratch / "site.key")
    release(out, key)
    return Site(ShelfDetector.load(out, public_text(key)), cpu_s)
