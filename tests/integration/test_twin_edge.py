"""The twin on the device: applied beside a source at work, kept on disk, reported."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event as Flag
from threading import Thread

import msgspec
import numpy as np
import pytest

from edge_agent.clock import DeviceClock
from edge_agent.config import EdgeConfig, load
from edge_agent.errors import TaskNotBuilt
from edge_agent.link.connection import BrokerPlace, Connection
from edge_agent.outbox.database import OUTBOX_NAME, OutboxFile
from edge_agent.outbox.queue import Queue
from edge_agent.outbox.snapshots import save
from edge_agent.releases.releases import Bench, Releases
from edge_agent.sample import Frame
from edge_agent.task import ModelFolder
from edge_agent.twin import Applied, Twin, read_applied, with_applied
from edge_agent.workshop import WEIGHTS, Workshop
from protocols.messages.device import Desired, Reported
from protocols.messages.model_release import ModelRelease
from tests.integration.edge_parts import BOOT, DEVICE, Keys, device_file
from tests.makers import NOON
from tests.parts.ports import free_port

TASK = "cam-1/defects"
OWN = {"threshold": 1.5}


WANTED = ModelRelease(
    model="defects-9.9.9@sha256:0123456789ab", url="http://127.0.0.1:1/x", sha256=f"sha256:{'0' * 64}", size_bytes=9
)


def _no_fetch(release: ModelRelease, file: Path) -> None:
    """The centre is away."""


class Device:
    """A twin over a real workshop; its camera is away, which is no reason to keep old settings."""

    def __init__(self, config: EdgeConfig, stack: ExitStack) -> None:
        self.own, self.stop = config, Flag()
        self.file = OutboxFile(config.data_dir / OUTBOX_NAME)
        stack.callback(self.file.close)
        connection = Connection("s1", DEVICE, BrokerPlace("127.0.0.1", 1, None, None, 20), Keys().device, None)
        applied = read_applied(self.file)
        queue, clock = Queue(self.file), DeviceClock(BOOT)
        self.workshop = Workshop(with_applied(config, applied), self.file, queue, clock, connection, self.stop, None)
        self.observer = self.workshop.observer(config.source[0])
        self.said: list[Reported] = []
        self.twin = Twin(self.workshop, config.task, {"cam-1": self.observer}, self._say, applied)
        self.thread = Thread(target=self.observer.run)
        self.thread.start()
        stack.callback(self.end)

    def end(self) -> None:
        """The source stops."""
        self.stop.set()
        self.thread.join(10)

    def follow(self, version: int, **settings: dict[str, object]) -> Reported:
        """What is reported after a twin; its tasks are named with `_` for `/`."""
        named = {name.replace("cam_1_", "cam-1/"): wanted for name, wanted in settings.items()}
        self.twin.follow(Desired(version=version, device=DEVICE, settings=named))
        return self.said[-1]

    def _say(self, payload: bytes) -> None:
        self.said.append(msgspec.json.decode(payload, type=Reported))


@pytest.fixture
def config(tmp_path: Path) -> EdgeConfig:
    """A camera that does not answer, and a task on it."""
    file = device_file(tmp_path, Keys(), 1883, DEVICE)
    camera = f'[[source]]\nid = "cam-1"\nkind = "camera"\nurl = "http://127.0.0.1:{free_port()}/x.mjpg"\n'
    task = '[[task]]\nkind = "defects"\nsource = "cam-1"\nsettings = { threshold = 1.5 }\n'
    file.write_text(file.read_text() + camera + task)
    return load(file)


@pytest.fixture
def device(config: EdgeConfig) -> Iterator[Device]:
    """The device, at work."""
    with ExitStack() as stack:
        yield Device(config, stack)


def test_what_can_be_applied_is_and_the_rest_stays_as_it_was(device: Device) -> None:
    """Each refusal has its reason; the version counts as applied, and the next one puts things right."""
    old = device.observer.pipeline.task("defects")
    assert device.follow(1, cam_1_defects={"threshold": 2.0}).settings == {TASK: {"threshold": 2.0}}
    assert device.observer.pipeline.task("defects") is not old
    faulty: list[dict[str, object]] = [{"threshold": -1}, {"threshold": 3.0, "model": "none"}, {"colour": "red"}]
    for wrong in faulty:
        said = device.follow(device.said[-1].version + 1, cam_1_defects=wrong, cam_1_juggling={})
        assert said.settings == {TASK: {"threshold": 2.0}}
        assert sorted(refusal.part for refusal in said.refused) == [TASK, "cam-1/juggling"]
    said = device.follow(9, cam_1_defects={"threshold": 2.5})
    assert (said.version, said.settings, said.refused) == (9, {TASK: {"threshold": 2.5}}, [])


def test_a_task_that_nobody_names_is_as_its_own_file_says(device: Device) -> None:
    """A twin that wants nothing of it any more gives it back."""
    device.follow(1, cam_1_defects={"threshold": 2.0})
    assert device.follow(2).settings == {TASK: OWN}


def test_an_older_version_changes_nothing_and_is_answered_with_the_present_one(device: Device) -> None:
    """So that a restored centre learns which version to go beyond; the same version again builds nothing anew."""
    device.follow(5, cam_1_defects={"threshold": 2.0})
    task = device.observer.pipeline.task("defects")
    for version in (4, 0, 5):
        said = device.follow(version, cam_1_defects={"threshold": 9.0})
        assert (said.version, said.settings) == (5, {TASK: {"threshold": 2.0}})
    assert device.observer.pipeline.task("defects") is task


def test_a_restart_goes_on_with_what_was_applied(config: EdgeConfig) -> None:
    """Also what an older twin set and a newer one could not change; the centre need not be there."""
    with ExitStack() as stack:
        first = Device(config, stack)
        first.follow(1, cam_1_defects={"threshold": 2.0})
        first.follow(2, cam_1_defects={"threshold": -1})
    with ExitStack() as stack:
        again = Device(config, stack)
        again.twin.report()
        said = again.said[-1]
    assert (said.version, said.settings, [refusal.part for refusal in said.refused]) == (
        2,
        {TASK: {"threshold": 2.0}},
        [TASK],
    )


@pytest.mark.parametrize(
    "kept", [b"{", b'{"version": -1, "settings": 5}', msgspec.json.encode(Applied(3, {TASK: {"gone": 1}}))]
)
def test_what_a_newer_program_cannot_take_leaves_the_own_file(config: EdgeConfig, kept: bytes) -> None:
    """The device starts all the same."""
    with ExitStack() as stack:
        file = OutboxFile(config.data_dir / OUTBOX_NAME)
        with file.writing() as connection:
            save(connection, "twin", kept)
        file.close()
        device = Device(config, stack)
        assert device.workshop.config.task[0].settings == OWN


def test_tasks_are_built_anew_on_the_model_that_counts(device: Device) -> None:
    """One kind at a time; a source whose thread is gone keeps what it has, and says so."""
    task = device.observer.pipeline.task("defects")
    assert (device.twin.rebuild("defects"), device.twin.rebuild("shelf_count")) == (1, 0)
    assert device.observer.pipeline.task("defects") not in {None, task}
    device.end()
    with pytest.raises(TaskNotBuilt, match="it goes on as it was"):
        device.twin.rebuild("defects")


def test_the_shipped_model_is_reported_by_its_name(device: Device) -> None:
    """Where none was released the centre would otherwise go on believing what the birth announced."""
    device.twin.models = Releases(
        device.workshop.slots, Bench(device.twin.prove, device.twin.rebuild, device.twin.report), _no_fetch, lambda: 0.0, 1.0
    )
    device.twin.models.apply_models({"defects": WANTED})
    device.twin.report()
    state = device.said[-1].models["defects"]
    assert (state.state, state.wanted) == ("fetching", WANTED.model)
    assert state.model == device.observer.pipeline.models()["defects"]
    assert (state.model or "").startswith("defects-")


def test_a_released_model_is_tried_on_the_tasks_that_run(device: Device, tmp_path: Path) -> None:
    """Set as the twin set them; the tasks themselves go on untouched, and one that is not there cannot try."""
    device.follow(1, cam_1_defects={"threshold": 2.0})
    task = device.observer.pipeline.task("defects")
    device.twin.prove("defects", ModelFolder(WEIGHTS / "defects", "sha256:x"))
    with pytest.raises(TaskNotBuilt, match=r"manifest\.json"):
        device.twin.prove("defects", ModelFolder(tmp_path, "sha256:y"))
    with pytest.raises(TaskNotBuilt, match="no task of kind 'shelf_count'"):
        device.twin.prove("shelf_count", ModelFolder(WEIGHTS / "shelf", "sha256:z"))
    assert device.observer.pipeline.task("defects") is task


def test_a_task_stays_within_the_time_that_its_file_grants_it(config: EdgeConfig) -> None:
    """The file's grant holds for the task that the twin put in the place of the first, too."""
    (task,) = config.task
    granted = msgspec.structs.replace(task, budget_cpu_ms=0.001)
    with ExitStack() as stack:
        device = Device(msgspec.structs.replace(config, task=(granted,)), stack)
        device.follow(1, cam_1_defects={"threshold": 2.0})
        frame = Frame("cam-1", NOON, 0, "ntp", np.zeros((240, 320, 3), np.uint8))
        for _ in range(2):
            device.observer.between(lambda: device.observer.pipeline.observe(frame))
        assert device.observer.pipeline.counts.over_budget == 1
