"""The doors of `edge_agent`: what the centre, the broker, a release or the disk can give a device."""

import shutil
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec import json
from numpy.typing import NDArray

from edge_agent import config, twin
from edge_agent.clock import DeviceClock
from edge_agent.commands.journal import Journal
from edge_agent.config import TaskConfig
from edge_agent.errors import ConfigError, ReleaseRejected, SampleRefused, SnapshotRejected
from edge_agent.link.inbox import Inbox
from edge_agent.outbox.database import OUTBOX_NAME, OutboxFile
from edge_agent.outbox.snapshots import save
from edge_agent.releases.archive import unpack
from edge_agent.releases.pointer import Installed, Pointer, Refusal
from edge_agent.releases.slots import CURRENT, Slots
from edge_agent.sample import Frame, Reading, Sample
from edge_agent.sources.table import BadTable, examine
from edge_agent.task import Context, Task
from edge_agent.tasks.defects.settings import Settings as DefectSettings
from edge_agent.tasks.defects.task import DefectsTask
from edge_agent.tasks.equipment_anomaly import snapshot
from edge_agent.tasks.equipment_anomaly.card import CARD as EARS
from edge_agent.tasks.equipment_anomaly.settings import Settings as EarSettings
from edge_agent.tasks.shelf_count.settings import Region
from edge_agent.tasks.shelf_count.settings import Settings as ShelfSettings
from edge_agent.tasks.shelf_count.task import ShelfCountTask
from edge_agent.workshop import check_settings
from protocols import codec
from protocols.envelope import Acknowledgement
from protocols.errors import BadSignature, ProtocolError
from protocols.messages.command import Command
from protocols.messages.device import CentralState, Desired
from protocols.signing import public_text, sign
from protocols.topics import CENTRAL_STATE, Down, down
from tests.fuzz.door import Door
from tests.fuzz.language import DESIRED, KEY, MESSAGES, RELEASE
from tests.makers import NOON
from tests.parts.bundles import archived, tiny
from vision_models.errors import BundleRejected, PictureUnusable
from vision_models.inference.detections import Detections, Inspection, no_detections
from vision_models.inference.manifest import MANIFEST, SIGNATURE, read_bundle

PUBLIC = public_text(KEY)
WALL = np.random.default_rng(1).integers(40, 200, (64, 64, 3), dtype=np.uint8)
FRAME = Frame("cam-1", NOON, 1000, "ntp", WALL)


class _Blind:
    """A detector of tasks that only read their saved state here."""

    model_id = "blind"
    taught_scores = np.zeros(0, dtype=np.float32)

    def limit_for(self, false_alarm_rate: float) -> float | None:
        return None

    def detect(self, image_bgr: NDArray[np.uint8]) -> Detections:
        return no_detections()

    def inspect(self, image_bgr: NDArray[np.uint8]) -> Inspection:
        raise PictureUnusable("blind")


def doors(folder: Path, leaving: ExitStack) -> list[Door]:
    """All of them; `folder` is for the files of those that read files, `leaving` closes what they hold open."""
    return [*_of_inbox(folder, leaving), *_of_releases(folder), *_of_saved_states(folder, leaving), *_of_files(folder)]


def _of_inbox(folder: Path, leaving: ExitStack) -> list[Door]:
    """Bytes from the broker under the centre's own signature: a centre that has gone mad."""
    inbox = Inbox("s1", "eye-01", KEY.public_key())
    file = OutboxFile(folder / "outbox" / OUTBOX_NAME)
    leaving.callback(file.close)
    journal = Journal(file, DeviceClock("b"))

    def heard(topic: str) -> Callable[[bytes], object]:
        return lambda content: inbox.read(topic, content, sign(KEY, content))

    def acknowledged(content: bytes) -> None:
        word = inbox.read(_down("ack"), content, None)
        if isinstance(word, Acknowledgement):
            journal.acknowledged(word.boot, word.replies)

    def of_anybody(content: bytes) -> None:
        inbox.read(_down("desired"), codec.encode(DESIRED), content.decode("utf-8", "replace"))

    topics = {
        Acknowledgement: _down("ack"),
        Desired: _down("desired"),
        Command: _down("commands"),
        CentralState: CENTRAL_STATE,
    }
    return [
        *(
            Door(f"inbox {topic.split('/')[-1]}", MESSAGES[kind], heard(topic), (ProtocolError,), 0.5)
            for kind, topic in topics.items()
        ),
        Door("inbox, a signature", [sign(KEY, codec.encode(DESIRED)).encode()], of_anybody, (BadSignature,), 0.2),
        Door("journal of replies", MESSAGES[Acknowledgement], acknowledged, (ProtocolError,), 0.1),
        Door("settings of a twin", [json.encode({"interval_s": 20, "regions": []})], _settings, (ConfigError,), 0.3),
    ]


def _down(branch: Down) -> str:
    return down("s1", "eye-01", branch)


def _settings(content: bytes) -> None:
    try:
        settings = json.decode(content, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    for kind in ("shelf_count", "defects", "equipment_anomaly"):
        with suppress(ConfigError):
            check_settings(TaskConfig(kind=kind, source="cam-1", settings=settings))


def _of_releases(folder: Path) -> list[Door]:
    """An archive of the right hash, and a manifest of the right signature, by somebody who means harm."""
    manifest = tiny(folder / "tiny", KEY, "1.0")
    archive = archived(folder / "tiny", folder / "tiny.tar").read_bytes()
    pointer = Pointer(Installed("a", RELEASE), None, 1, {RELEASE.sha256: Refusal("refused", "why")})
    return [
        Door("archive", [archive], lambda content: _unpacked(folder, content), (ReleaseRejected,), 0.1),
        Door(
            "manifest", [json.encode(manifest)], lambda content: _manifest(folder / "tiny", content), (BundleRejected,), 0.3
        ),
        Door("pointer", [json.encode(pointer)], lambda content: _pointer(folder / "models", content), (), 0.1),
    ]


def _unpacked(folder: Path, content: bytes) -> None:
    out, file = folder / "unpacked", folder / "fuzzed.tar"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    file.write_bytes(content)
    try:
        unpack(file, out)
    finally:
        assert sum(path.stat().st_size for path in out.iterdir()) <= len(content)


def _manifest(folder: Path, content: bytes) -> None:
    (folder / MANIFEST).write_bytes(content)
    (folder / SIGNATURE).write_text(sign(KEY, content))
    assert read_bundle(folder, PUBLIC).manifest.model_id


def _pointer(folder: Path, content: bytes) -> None:
    (folder / "shelf_count").mkdir(parents=True, exist_ok=True)
    (folder / "shelf_count" / CURRENT).write_bytes(content)
    Slots(folder, (PUBLIC,)).start()


def _of_saved_states(folder: Path, leaving: ExitStack) -> list[Door]:
    """What a worn card makes of the states that tasks and the twin keep: refused, or the next sample is looked at."""
    file = OutboxFile(folder / "states" / OUTBOX_NAME)
    leaving.callback(file.close)
    shelves = ShelfCountTask(ShelfSettings(regions=(Region(location="a", sku="tea", roi=(0, 0, 1, 1)),)), "cam-1", _Blind())
    parts = DefectsTask(DefectSettings(), _Blind())
    refusals = (SnapshotRejected, SampleRefused)

    def applied(content: bytes) -> None:
        with file.writing() as connection:
            save(connection, twin.SNAPSHOT, content)
        twin.read_applied(file)

    return [
        Door("state of shelf_count", [_seen(shelves)], lambda content: _restored(shelves, content, FRAME), refusals, 0.2),
        Door("state of defects", [_seen(parts)], lambda content: _restored(parts, content, FRAME), refusals, 0.2),
        Door("state of equipment_anomaly", [_heard()], _ears, refusals, 0.1),
        Door("twin as applied", [json.encode(twin.Applied(3, DESIRED.settings, DESIRED.models))], applied, (), 0.1),
    ]


def _seen(task: Task) -> bytes:
    with suppress(SampleRefused):
        task.observe(FRAME)
    return task.snapshot()


def _restored(task: Task, state: bytes, sample: Sample) -> None:
    task.restore(state)
    task.observe(sample)
    task.snapshot()


def _heard() -> bytes:
    """The saved state of ears without the line that says its checksum."""
    ears = EARS.build(EarSettings(learn_s=10), Context("motor-1", Path()))
    for second in range(30):
        ears.observe(_reading(second))
    return ears.snapshot().partition(b"\n")[2]


def _reading(second: int) -> Reading:
    values = {"a": 10.0 + second % 3, "b": 5.0 - second % 2}
    return Reading("motor-1", NOON + timedelta(seconds=second), second * 1000, "ntp", "motor-1", values)


def _ears(content: bytes) -> None:
    header = json.encode(snapshot.Header(snapshot.VERSION, sha256(content).hexdigest()))
    _restored(EARS.build(EarSettings(learn_s=10), Context("motor-1", Path())), header + b"\n" + content, _reading(40))


def _of_files(folder: Path) -> list[Door]:
    """Files that a person brings."""
    table = b"time;Temperature [C];load\n2026-11-24 08:00:00;1,5;2\n2026-11-24 08:00:01;1,6;na\n"
    return [
        Door("agent.toml", [config.EXAMPLE.encode()], _reading_file(folder / "a.toml", _configured), (ConfigError,), 0.2),
        Door("table", [table, table.replace(b";", b",")], _reading_file(folder / "t.csv", examine), (BadTable,), 0.2),
    ]


def _configured(file: Path) -> None:
    read = config.load(file, {})
    with suppress(ConfigError):
        config.centre_key(read)


def _reading_file(file: Path, read: Callable[[Path], object]) -> Callable[[bytes], None]:
    def enter(content: bytes) -> None:
        file.write_bytes(content)
        read(file)

    return enter
