"""A device follows what the twin wants of models: real bundles, real ONNX Runtime, real kills."""

import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge_agent.errors import FetchFailed, SourceBusy, TaskNotBuilt
from edge_agent.releases.releases import Bench, Releases
from edge_agent.releases.slots import Slots
from edge_agent.task import ModelFolder
from protocols.messages.model_release import ModelRelease
from protocols.signing import new_key, public_text
from tests.parts.bundles import archived, release_of, resigned, tiny
from vision_models.errors import BundleRejected
from vision_models.inference.defects import DefectDetector
from vision_models.inference.manifest import read_bundle

KEY = new_key()
KIND = "defects"


@dataclass
class Device:
    """One device whose clock and centre are the test's: `archives` by hash, `is_away` while it gives nothing."""

    folder: Path
    archives: dict[str, Path] = field(default_factory=dict)
    now_s: float = 0.0
    is_away: bool = False
    unplugged: bool = False
    swaps: int = 0
    broken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.slots = Slots(self.folder / "models", (public_text(KEY),))
        self.releases = self.started()

    def started(self) -> Releases:
        """The agent's releases after a start."""
        self.slots.start()
        bench = Bench(self.prove, self.swap, lambda: None)
        self.releases = Releases(self.slots, bench, self.fetch, lambda: self.now_s, trial_s=120)
        return self.releases

    def fetch(self, release: ModelRelease, file: Path) -> None:
        """From the test's own folder."""
        if self.is_away:
            raise FetchFailed("the centre is away")
        shutil.copy(self.archives[release.sha256], file)

    def prove(self, kind: str, model: ModelFolder) -> None:
        """Load it, golden answer and all."""
        try:
            DefectDetector.load(model.folder, *model.trusted_keys)
        except BundleRejected as error:
            raise TaskNotBuilt(str(error)) from error

    def swap(self, kind: str) -> None:
        """Tasks follow, unless the model that counts is one of `broken`."""
        if self.unplugged:
            raise SourceBusy("cam-4", "it is lost")
        self.swaps += 1
        model = self.slots.model(kind)
        if model is not None and model.release in self.broken:
            raise TaskNotBuilt("no memory for it")

    def released(self, version: str, made: Callable[[Path], object] | None = None) -> ModelRelease:
        """A release that the centre has."""
        folder = self.folder / "made" / version
        manifest = resigned(folder, KEY, "defects", version)
        if made:
            made(folder)
        archive = archived(folder, self.folder / f"{version}.tar")
        release = release_of(archive, manifest)
        self.archives[release.sha256] = archive
        return release

    def want(self, *releases: ModelRelease) -> None:
        """The twin changes, and the device does what is due."""
        self.releases.apply_models({KIND: releases[0]} if releases else {})
        self.releases.step()

    def pass_time(self, seconds: float) -> None:
        """Then do what is due."""
        self.now_s += seconds
        self.releases.step()

    @property
    def state(self) -> str:
        """As told to the centre: state, version that runs."""
        said = self.releases.states()[KIND]
        return f"{said.state} {said.model.split('@')[0] if said.model else 'shipped'}"


@pytest.fixture
def device(tmp_path: Path) -> Device:
    """A device before its first release."""
    return Device(tmp_path)


def test_a_release_runs_after_it_was_proven_and_stays_after_its_trial(device: Device) -> None:
    """Fetch, check, golden answer, swap; then the trial ends and restarts do not count."""
    device.want(device.released("1.0"))
    assert device.state == "running defects-1.0"
    assert device.slots.pointer(KIND).is_on_trial
    device.pass_time(121)
    assert not device.slots.pointer(KIND).is_on_trial
    assert device.swaps == 1
    assert not list((device.slots.folder / "incoming").iterdir())


def test_wanting_nothing_brings_back_what_ships(device: Device) -> None:
    """The twin no longer names the kind."""
    device.want(device.released("1.0"))
    device.want()
    assert device.slots.model(KIND) is None
    assert device.swaps == 2


def test_the_model_before_comes_back_without_a_download(device: Device) -> None:
    """A rollback by the centre works while its archive cannot be fetched."""
    first, second = device.released("1.0"), device.released("2.0")
    device.want(first)
    device.pass_time(121)
    device.want(second)
    device.is_away = True
    device.want(first)
    assert device.state == "running defects-1.0"
    assert not device.slots.pointer(KIND).is_on_trial


def test_a_centre_that_is_away_is_asked_again_later(device: Device) -> None:
    """The old model runs on meanwhile, and the reason is told."""
    device.is_away = True
    device.want(device.released("1.0"))
    assert device.state == "fetching shipped"
    assert "away" in (device.releases.states()[KIND].why or "")
    device.is_away = False
    device.pass_time(1)
    assert device.state == "fetching shipped"
    device.pass_time(10)
    assert device.state == "running defects-1.0"


def tamper(folder: Path) -> None:
    """One bit of the graph."""
    graph = bytearray((folder / "taps.onnx").read_bytes())
    graph[len(graph) // 2] ^= 1
    (folder / "taps.onnx").write_bytes(graph)


def test_a_tampered_model_is_refused_and_the_old_one_runs_on(device: Device) -> None:
    """The archive's hash fits, the manifest's does not: somebody changed it at the centre."""
    device.want(device.released("1.0"))
    device.pass_time(121)
    device.want(device.released("2.0", tamper))
    assert device.state == "refused defects-1.0"
    assert "taps.onnx" in (device.releases.states()[KIND].why or "")
    assert device.swaps == 1


def test_a_source_that_is_away_is_waited_for(device: Device) -> None:
    """The camera is unplugged while its task should change models: told, and done when it is back."""
    device.unplugged = True
    device.want(device.released("1.0"))
    assert device.state == "fetching shipped"
    assert "cam-4" in (device.releases.states()[KIND].why or "")
    device.unplugged = False
    device.pass_time(1)
    assert device.state == "running defects-1.0"


def test_a_model_of_a_stranger_is_refused(device: Device) -> None:
    """Only the house's own releasers."""
    folder = device.folder / "made" / "stranger"
    manifest = resigned(folder, new_key(), "defects", "9.9")
    release = release_of(archived(folder, device.folder / "stranger.tar"), manifest)
    device.archives[release.sha256] = device.folder / "stranger.tar"
    device.want(release)
    assert device.state == "refused shipped"
    assert "signature" in (device.releases.states()[KIND].why or "")


def test_a_model_that_tasks_cannot_be_built_on_is_taken_back_at_once(device: Device) -> None:
    """It passed its proof and failed in place."""
    release = device.released("1.0")
    device.broken.add(release.sha256)
    device.want(release)
    assert device.state == "rolled_back shipped"
    assert device.swaps == 2


def test_a_model_that_ends_the_agent_is_taken_back_and_not_tried_again(device: Device) -> None:
    """Three starts within the trial; the reason outlives the restarts, and asking anew tries again."""
    release = device.released("1.0")
    device.want(release)
    for _ in range(3):
        device.started()
        device.want(release)
    assert device.state == "rolled_back shipped"
    assert "3 times" in (device.releases.states()[KIND].why or "")
    device.want()
    device.want(release)
    assert device.state == "running defects-1.0"


LOOP = """
import sys
from pathlib import Path
from edge_agent.releases.releases import Bench, Releases
from edge_agent.releases.slots import Slots
from tests.parts.bundles import release_of
from vision_models.inference.manifest import read_bundle
import shutil
folder, key = Path(sys.argv[1]), sys.argv[2]
slots = Slots(folder / "models", (key,))
slots.start()
releases, wanted = [], {}
for version in ("1.0", "2.0", "3.0"):
    manifest = read_bundle(folder / "made" / version, key).manifest
    release = release_of(folder / f"{version}.tar", manifest)
    wanted[release.sha256] = folder / f"{version}.tar"
    releases.append(release)
bench = Bench(lambda kind, model: None, lambda kind: None, lambda: None)
worker = Releases(slots, bench, lambda r, file: shutil.copy(wanted[r.sha256], file), lambda: 0.0, trial_s=0.0)
print("ready", flush=True)
number = 0
while True:
    number += 1
    worker.apply_models({"shelf_count": releases[number % 3]})
    worker.step()
    worker.step()
"""


def test_a_device_killed_at_any_moment_of_a_swap_starts_with_a_whole_model(tmp_path: Path) -> None:
    """kill -9 at twelve random moments of endless swaps: what counts is there, signed and complete."""
    for version in ("1.0", "2.0", "3.0"):
        tiny(tmp_path / "made" / version, KEY, version, size_bytes=400_000)
        archived(tmp_path / "made" / version, tmp_path / f"{version}.tar")
    slots, rng, models = Slots(tmp_path / "models", (public_text(KEY),)), random.Random(4), set()
    for _ in range(12):
        command = [sys.executable, "-c", LOOP, str(tmp_path), public_text(KEY)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(rng.uniform(0.0, 0.08))  # the moment of the cut is the input, not a wait for something
            process.send_signal(signal.SIGKILL)
        pointer = slots.pointer("shelf_count")
        model = slots.model("shelf_count")
        if model is not None:
            assert pointer.current is not None
            bundle = read_bundle(model.folder, *model.trusted_keys)
            assert bundle.manifest.model_id == pointer.current.release.model
            models.add(bundle.manifest.version)
    assert models
