"""A camera is taught on command from what it sees, beside its work; verdicts and twin then rest on that."""

from contextlib import ExitStack
from pathlib import Path
from threading import Event as Flag
from threading import Thread

import cv2
import msgspec
import pytest

from edge_agent.clock import DeviceClock
from edge_agent.commands.ability import Order
from edge_agent.commands.teach import Teach
from edge_agent.config import EdgeConfig, load
from edge_agent.errors import CommandFailed
from edge_agent.link.connection import BrokerPlace, Connection
from edge_agent.outbox.database import OUTBOX_NAME, OutboxFile
from edge_agent.outbox.queue import Queue
from edge_agent.twin import Applied, Twin
from edge_agent.workshop import Workshop, stations
from protocols.messages.command import Command
from protocols.messages.device import Reported
from tests.integration.edge_parts import BOOT, DEVICE, Keys, device_file
from tests.makers import NOON, event_id
from tests.unit.edge_agent.tasks.defects.test_school import pictured


@pytest.fixture
def config(tmp_path: Path) -> EdgeConfig:
    """A camera that shows good parts one after the other, again and again."""
    (tmp_path / "good").mkdir()
    for number in range(1200):  # two minutes of them
        picture = tmp_path / "good" / f"{number:04}.png"
        if number < 20:
            cv2.imwrite(str(picture), pictured(number))
        else:
            picture.symlink_to(tmp_path / "good" / f"{number % 20:04}.png")
    file = device_file(tmp_path, Keys(), 1883, DEVICE)
    source = '[[source]]\nid = "cam-1"\nkind = "pictures"\npath = "good"\ninterval_s = 0.1\n'
    task = '[[task]]\nkind = "defects"\nsource = "cam-1"\nsettings = { gate = "every_frame" }\n'
    file.write_text(file.read_text() + source + task)
    return load(file)


def order(left_s: float, told: list[float], **arguments: object) -> Order:
    """The command, with so many seconds left all the time."""
    command = Command(
        id=event_id(1),
        device=DEVICE,
        action="teach",
        issued_at=NOON,
        expires_at=NOON,
        source="cam-1",
        arguments=dict(arguments),
    )
    return Order(command, lambda: left_s, told.append)


def test_a_camera_is_taught_from_what_it_sees(config: EdgeConfig) -> None:
    """Copies do not count; the lesson is kept, reported and named by the model; what is impossible changes nothing."""
    said, told, stop = list[Reported](), list[float](), Flag()
    with ExitStack() as stack:
        file = OutboxFile(config.data_dir / OUTBOX_NAME)
        stack.callback(file.close)
        link = Connection("s1", DEVICE, BrokerPlace("127.0.0.1", 1, None, None, 20), Keys().device, None)
        workshop = Workshop(config, file, Queue(file), DeviceClock(BOOT), link, stop, None)
        observer = workshop.observer(config.source[0])
        twin = Twin(
            workshop,
            config.task,
            {"cam-1": observer},
            lambda payload: said.append(msgspec.json.decode(payload, type=Reported)),
            Applied(),
        )
        teach = Teach(twin.observers, stations(config).keep, lambda source: twin.rebuild("defects", source), workshop.clock)
        work = Thread(target=observer.run)
        work.start()
        stack.callback(work.join, 10)
        stack.callback(stop.set)
        with pytest.raises(CommandFailed, match="must be a whole number from 20 to 50"):
            teach(order(60, told, count=3))
        assert stations(config).lesson("cam-1").content is None
        result: list[object] = []
        lesson = Thread(target=lambda: result.append(teach(order(60, told, count=20))))  # niceness stays with its thread
        lesson.start()
        lesson.join(60)
        twin.report()
    teaching = said[-1].taught["cam-1/defects"]
    model = observer.pipeline.models()["defects"]
    assert result == [{"pictures": 20, "left_out": 0, "model": model}]
    assert (model or "").endswith(f"+taught:20:{teaching.lesson}")
    assert (told, len(set(teaching.pictures))) == (sorted(told), 20)
    assert stations(config).lesson("cam-1").content is not None
