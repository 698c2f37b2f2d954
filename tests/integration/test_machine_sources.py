"""Machines that speak Modbus on a serial line, OPC-UA or JSON over MQTT: the real protocols, with a real other end."""

import asyncio
import json
import os
import pty
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from select import select

import pytest
from asyncua.sync import Server
from paho.mqtt import publish
from pymodbus.framer import FramerType
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

from edge_agent.clock import DeviceClock
from edge_agent.errors import ConfigError, SourceLost
from edge_agent.registry import SourcePlace, open_source
from edge_agent.sample import Reading
from edge_agent.sources.source import Source
from firmware_sim.devices.rough_link import RoughLink
from protocols.sensor_profiles.profile import encode, load
from tests.parts.mosquitto import Mosquitto
from tests.parts.ports import eventually, free_port

CLOCK = DeviceClock("boot")
PUMP = {"vibration_mm_s": 1.3, "temperature_c": 41.5, "current_a": 6.1, "speed_rpm": 2910.0, "pressure_bar": 3.25}


@contextmanager
def opened(place: SourcePlace) -> Iterator[Source]:
    """A source, closed at the end."""
    source = open_source(place, CLOCK)
    try:
        yield source
    finally:
        source.close()


def is_lost(source: Source) -> str:
    """Why the source is lost, when it says so."""
    try:
        source.read(0.2)
    except SourceLost as error:
        return str(error)
    return ""


def reading_of(source: Source, within_s: float = 15.0) -> Reading:
    """The next reading, however often the source is lost on the way."""
    deadline_s = time.monotonic() + within_s
    while time.monotonic() < deadline_s:
        with suppress(SourceLost):
            sample = source.read(0.2)
            if isinstance(sample, Reading):
                return sample
    raise AssertionError(f"no reading within {within_s} s")


@contextmanager
def serial_cable() -> Iterator[tuple[str, str]]:
    """Two serial ports with a cable between them; their paths."""
    ends = [pty.openpty() for _ in range(2)]
    for _, port in ends:
        tty.setraw(port)
    done = threading.Event()

    def carry() -> None:
        while not done.is_set():
            ready, _, _ = select([master for master, _ in ends], [], [], 0.05)
            for master in ready:
                other = next(each for each, _ in ends if each != master)
                os.write(other, os.read(master, 4096))

    cable = threading.Thread(target=carry)
    cable.start()
    try:
        yield os.ttyname(ends[0][1]), os.ttyname(ends[1][1])
    finally:
        done.set()
        cable.join()
        for pair in ends:
            for end in pair:
                os.close(end)


@contextmanager
def modbus_slave(port: str) -> Iterator[None]:
    """A pump's condition unit with device id 3 on a serial port."""
    profile = load("pump")
    registers = SimData(profile.first_address, values=encode(profile, PUMP), datatype=DataType.REGISTERS)
    loop, is_up = asyncio.new_event_loop(), threading.Event()
    server: list[ModbusSerialServer] = []

    async def serve() -> None:
        device = SimDevice(id=3, simdata=[registers])
        server.append(
            ModbusSerialServer(device, framer=FramerType.RTU, port=port, baudrate=19200, parity="N", bytesize=8, stopbits=2)
        )
        await server[0].serve_forever(background=True)
        is_up.set()

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(serve(), loop).result(10)
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(server[0].shutdown(), loop).result(10)  # type: ignore[no-untyped-call]
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def on_serial(port: str, name: str, device_id: int) -> SourcePlace:
    """A pump there, without parity: a made cable carries none."""
    path = Path(port)
    return SourcePlace(name, "modbus_rtu", path=path, parity="N", device_id=device_id, profile="pump", interval_s=0.05)


def test_a_pump_on_a_serial_line_is_read_by_its_profile() -> None:
    """RTU frames with their checksums; where another unit answers with an exception, every channel is missing."""
    with serial_cable() as (ours, theirs), modbus_slave(theirs):
        place = on_serial(ours, "pump-1", 3)
        with opened(place) as source:
            found = reading_of(source).values
            assert {name: round(value or 0, 2) for name, value in found.items()} == PUMP
        with opened(on_serial(ours, "pump-9", 9)) as source:
            assert set(reading_of(source).values.values()) == {None}
            assert source.refused == 1


@contextmanager
def control(port: int, **nodes: object) -> Iterator[None]:
    """An OPC-UA server with one node for each of these."""
    server = Server()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/line")
    space = server.register_namespace("urn:test")
    for name, value in nodes.items():
        server.nodes.objects.add_variable(f"ns={space};s={name}", name, value)
    server.start()
    try:
        yield
    finally:
        server.stop()


def test_the_nodes_of_a_control_are_read_and_a_lost_one_comes_back() -> None:
    """A node that is not there, or holds no number, is a missing value and is counted; a cable that is pulled is a loss."""
    port = free_port()
    channels = {"current_a": "ns=2;s=Current", "running": "ns=2;s=On", "text": "ns=2;s=Name", "gone": "ns=2;s=Nothing"}
    with control(port, Current=7.25, On=True, Name="press"), RoughLink(("127.0.0.1", port)) as cable:
        url = f"opc.tcp://127.0.0.1:{cable.port}/line"
        place = SourcePlace("press-1", "opcua", url=url, channels=channels, units={"current_a": "A"}, interval_s=0.05)
        with opened(place) as source:
            reading = reading_of(source)
            assert reading.values == {"current_a": 7.25, "running": 1.0, "text": None, "gone": None}
            assert (reading.asset, source.units["current_a"], source.refused) == ("press-1", "A", 2)
            cable.take_down()
            assert "check address" in eventually(lambda: is_lost(source), what="the loss")
            cable.bring_up()
            assert reading_of(source).values["current_a"] == 7.25


def test_a_meter_that_speaks_json_is_heard_and_its_nonsense_is_counted(broker: Mosquitto) -> None:
    """Fields that stand deep inside, fields that come in messages of their own; text, NaN and broken JSON are none."""
    channels = {"power_w": "apower", "temperature_c": "temperature/tC", "port": "iolink/0/value"}
    place = SourcePlace(
        "meter-1", "mqtt", host="127.0.0.1", port=broker.port, topic="shop/+/status", channels=channels, interval_s=0.1
    )
    words = ['{"apower": 712.5, "temperature": {"tC": 41}}', "{broken", '{"apower": NaN}', '{"iolink": [{"value": 3}]}']
    heard: dict[str, float] = {}
    with opened(place) as source:

        def is_all_heard() -> bool:
            """Say everything once more, and look what has come so far."""
            publish.multiple([("shop/m1/status", word, 0, False) for word in words], hostname="127.0.0.1", port=broker.port)
            with suppress(SourceLost):
                if isinstance(sample := source.read(0.2), Reading):
                    heard.update({name: value for name, value in sample.values.items() if value is not None})
            return heard == {"power_w": 712.5, "temperature_c": 41.0, "port": 3.0} and source.refused >= 1

        eventually(is_all_heard, within_s=15, what="all channels")


def test_a_meter_that_falls_silent_is_lost_with_the_reason() -> None:
    """No broker there: it says so after three intervals."""
    place = SourcePlace(
        "meter-1", "mqtt", host="127.0.0.1", port=free_port(), topic="t", channels={"a": json.dumps(1)}, interval_s=0.05
    )
    with opened(place) as source:
        assert "check broker" in eventually(lambda: is_lost(source), what="the loss")


@pytest.mark.parametrize("kind", ["modbus_rtu", "opcua", "mqtt"])
def test_what_a_source_needs_is_named(kind: str) -> None:
    """With the key."""
    with pytest.raises(ConfigError, match="needs"):
        open_source(SourcePlace("x", kind), CLOCK)
