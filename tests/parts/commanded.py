"""A device as people command it: a real ingest, a real agent process, and the simulator's belt before its camera."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from central.bus import Address, Bus
from central.fleet import commands, twin
from central.fleet.commands import Wish
from central.store import events
from central.store.commands import CommandRow
from central.store.devices import devices
from central.store.engine import reading, writing
from protocols import signing, topics
from tests.integration.edge_parts import Keys, agent_process, device_file
from tests.parts.centre import ingesting, parts_on, register
from tests.parts.ports import eventually

DEVICE = "eye-01"
TASK = "cam-4/defects"


@dataclass(frozen=True)
class Site:
    """A running simulator: its addresses, and the file in which it says what really happened."""

    cameras: dict[str, str]
    modbus_port: int
    truth: Path

    def happened(self, what: str) -> list[dict[str, Any]]:
        """The lines of the truth that tell of that."""
        lines = (json.loads(line) for line in self.truth.read_text().splitlines())
        return [line for line in lines if line["what"] == what]


@contextmanager
def simulated(folder: Path) -> Iterator[Site]:
    """The small warehouse on free ports."""
    ready, truth = folder / "ready.json", folder / "truth.jsonl"
    options = ["--modbus-port", "0", "--camera-port", "0", "--ready-file", str(ready), "--truth", str(truth)]
    command = [sys.executable, "-c", "from firmware_sim.cli import main; main()", "up", *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            eventually(ready.exists, within_s=30, what="the simulator")
            found = json.loads(ready.read_text())
            yield Site(found["cameras"], found["modbus"]["port"], truth)
        finally:
            process.terminate()
            process.wait(10)


class House:
    """The centre of one device, and what a person there does."""

    def __init__(self, engine: Engine, key: signing.PrivateKey, port: int) -> None:
        self.engine = engine
        self._key, self._port = key, port

    def command(self, action: str, source: str | None = None, long_ago_s: float = 0, **more: Any) -> str:
        """Give a command; its id."""
        at = parts_on(self.engine).now() - timedelta(seconds=long_ago_s)
        with writing(self.engine) as conn:
            return commands.issue(conn, Wish(DEVICE, action, source, **more), "Li", at).id

    def confirm(self, command: str) -> None:
        """Stand up for it."""
        with writing(self.engine) as conn:
            commands.confirm(conn, command, "Chen", parts_on(self.engine).now())

    def of(self, command: str) -> CommandRow:
        """How far a command has come."""
        with reading(self.engine) as conn:
            return commands.of(conn, command)

    def ended(self, command: str, within_s: float = 30) -> CommandRow:
        """The command, once it has ended."""
        eventually(lambda: not self.of(command).is_open, within_s, f"the end of {self.of(command).action}")
        return self.of(command)

    def want(self, **settings: Any) -> int:
        """Want these settings of the belt's task."""
        with writing(self.engine) as conn:
            return twin.change(conn, DEVICE, settings={TASK: settings}, who="Li", now=parts_on(self.engine).now())

    def reported(self) -> dict[str, Any]:
        """What the device last said of its twin."""
        with reading(self.engine) as conn:
            return dict(conn.execute(devices.select()).mappings().one()["reported"] or {})

    def is_online(self) -> bool:
        """Whether the device is there."""
        with reading(self.engine) as conn:
            return bool(conn.execute(devices.select()).mappings().one()["online"])

    def say(self, branch: topics.Down, payload: bytes, key: signing.PrivateKey | None = None) -> None:
        """Say bytes to the device, signed with the house's key or another one."""
        signature = signing.sign(key or self._key, payload)
        with Bus(Address("127.0.0.1", self._port, "somebody"), "somebody") as bus:
            eventually(lambda: bus.is_connected, what="a connection")
            bus.publish_and_wait(topics.down("s1", DEVICE, branch), payload, timeout_s=10, properties={"sig": signature})

    def events(self, kind: str) -> list[Any]:
        """What the device told of that kind."""
        with reading(self.engine) as conn:
            rows = conn.execute(events.events.select().where(events.events.c.kind == kind))
            return list(rows.mappings())


@contextmanager
def commanded(engine: Engine, port: int, folder: Path, site: Site, pulse_s: float = 0.2) -> Iterator[tuple[House, Path]]:
    """A centre that listens; the file that the agent is started with."""
    device_key = signing.new_key()
    with writing(engine) as conn:
        register(conn, DEVICE, device_key)
    with ingesting(engine, port) as key:
        config = device_file(folder, Keys(device_key, key), port, DEVICE, "commit_interval_s = 0.2\n")
        coil = f'kind = "modbus_coil"\nhost = "127.0.0.1"\nport = {site.modbus_port}\naddress = 0\n'
        config.write_text(
            f'{config.read_text()}[[source]]\nid = "cam-4"\nkind = "camera"\nurl = "{site.cameras["cam-4"]}"\n'
            f'[[source]]\nid = "cam-1"\nkind = "camera"\nurl = "{site.cameras["cam-1"]}"\n'
            '[[task]]\nkind = "defects"\nsource = "cam-4"\nsettings = { threshold = 1.0 }\n'
            '[[task]]\nkind = "shelf_count"\nsource = "cam-1"\n'
            "settings = { frames = 2, look_every_s = 0, interval_s = 3600, "
            'regions = [{ location = "a-01", sku = "tea", roi = [0.0, 0.0, 0.5, 0.5] }] }\n'
            f'[[actuator]]\nid = "gate-1"\naction = "reject_part"\ndevice_id = 9\npulse_s = {pulse_s}\n{coil}'
            f'[[actuator]]\nid = "conveyor-1"\naction = "stop_conveyor"\ndevice_id = 1\n{coil}'
        )
        yield House(engine, key, port), config


@contextmanager
def at_work(house: House, config: Path) -> Iterator[subprocess.Popen[str]]:
    """The agent, connected."""
    with agent_process("--config", config) as agent:
        eventually(house.is_online, within_s=40, what="the agent")
        eventually(house.reported, within_s=20, what="the reported twin")
        yield agent
