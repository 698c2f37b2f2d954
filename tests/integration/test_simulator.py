"""The fake hardware over its real protocols: Modbus TCP, MJPEG over HTTP, and the command line."""

import asyncio
import json
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from msgspec import structs
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.constants import ExcCodes

from firmware_sim.clock import system_clock
from firmware_sim.devices.camera_eye import CameraEye
from firmware_sim.devices.camera_stream import CameraStreams
from firmware_sim.devices.modbus_machine import ModbusMachines
from firmware_sim.devices.truth import TruthFile
from firmware_sim.errors import CameraUnknown, PortTaken
from firmware_sim.scene import Faults, SensorFault
from firmware_sim.scene_file import load
from firmware_sim.world.warehouse import Warehouse
from protocols.sensor_profiles.profile import decode
from protocols.sensor_profiles.profile import load as load_profile
from tests.parts.ports import eventually

HOST = "127.0.0.1"
TIMEOUTS = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 3_000, cv2.CAP_PROP_READ_TIMEOUT_MSEC, 3_000]


@pytest.fixture
def warehouse() -> Warehouse:
    """The small warehouse after a second."""
    scene = load("small_warehouse")
    world = Warehouse(scene, scene.seed)
    world.advance(1.0)
    return world


@pytest.fixture
def cameras(warehouse: Warehouse) -> Iterator[CameraStreams]:
    """Its four cameras on a free port."""
    eyes = [CameraEye(warehouse, camera) for camera in warehouse.scene.cameras]
    with CameraStreams(eyes, HOST, 0) as streams:
        yield streams


@asynccontextmanager
async def modbus_client(warehouse: Warehouse) -> AsyncIterator[AsyncModbusTcpClient]:
    """A real client connected to the machines of a world."""
    async with ModbusMachines(warehouse, HOST, 0) as machines:
        client = AsyncModbusTcpClient(HOST, port=machines.port, timeout=2, retries=1)
        assert await client.connect()
        try:
            yield client
        finally:
            client.close()


async def reading(client: AsyncModbusTcpClient, warehouse: Warehouse, index: int) -> dict[str, float]:
    """What a client reads of one machine."""
    machine = warehouse.scene.machines[index]
    profile = load_profile(machine.profile)
    answer = await client.read_holding_registers(profile.first_address, count=profile.count, device_id=machine.device_id)
    assert not answer.isError()
    return decode(profile, answer.registers)


def test_a_client_reads_what_the_world_says(warehouse: Warehouse) -> None:
    """Each machine's registers carry the newest tick, to the resolution of its profile."""

    async def check() -> None:
        async with modbus_client(warehouse) as client:
            for to_s in (2.0, 70.0):
                warehouse.advance(to_s)
                for index, state in enumerate(warehouse.machines):
                    assert state.reported is not None
                    read = await reading(client, warehouse, index)
                    for register in load_profile(state.machine.profile).registers:
                        said = state.reported[register.name]  # type: ignore[index]
                        assert read[register.name] == pytest.approx(said, abs=register.resolution * 0.51)

    asyncio.run(check())


def test_an_imbalance_shows_in_the_registers(warehouse: Warehouse) -> None:
    """The conveyor's vibration register passes the alarm limit of its profile once the fault has grown."""

    async def check() -> None:
        limits = load_profile("conveyor_motor").register("vibration_mm_s").limits
        assert limits is not None
        assert limits.alarm_high is not None
        async with modbus_client(warehouse) as client:
            assert (await reading(client, warehouse, 0))["vibration_mm_s"] < limits.alarm_high
            warehouse.advance(90.0)
            assert (await reading(client, warehouse, 0))["vibration_mm_s"] > limits.alarm_high

    asyncio.run(check())


def test_a_dropout_is_an_exception_not_a_number(warehouse: Warehouse) -> None:
    """A unit off the bus answers exception 11 and comes back, an unknown one an error; the neighbour answers as before."""
    fault = SensorFault("conveyor-1", "dropout", start_s=0.0, lasts_s=50.0)
    scene = structs.replace(warehouse.scene, faults=Faults(repeat_s=100.0, sensor=(fault,)))
    silent = Warehouse(scene, 1)
    silent.advance(1.0)

    async def check() -> None:
        async with modbus_client(silent) as client:
            answer = await client.read_holding_registers(0, count=4, device_id=1)
            assert answer.exception_code == ExcCodes.GATEWAY_NO_RESPONSE
            assert (await client.read_holding_registers(0, count=4, device_id=9)).isError()
            assert (await reading(client, silent, 1))["speed_rpm"] > 2_800
            silent.advance(51.0)
            assert (await reading(client, silent, 0))["speed_rpm"] > 1_400

    asyncio.run(check())


def test_a_register_that_is_not_there_is_refused(warehouse: Warehouse) -> None:
    """Reading past the map answers exception 2 and the server goes on."""

    async def check() -> None:
        async with modbus_client(warehouse) as client:
            answer = await client.read_holding_registers(100, count=2, device_id=1)
            assert answer.exception_code == ExcCodes.ILLEGAL_ADDRESS
            assert await reading(client, warehouse, 0)

    asyncio.run(check())


def test_a_taken_modbus_port_names_the_remedy(warehouse: Warehouse) -> None:
    """The error says which port, and how to get another one."""

    async def check(port: int) -> None:
        with pytest.raises(PortTaken, match=rf"{port} is taken; .*--modbus-port 0"):
            async with ModbusMachines(warehouse, HOST, port):
                pass

    with socket.create_server((HOST, 0)) as holder:
        asyncio.run(check(holder.getsockname()[1]))


def test_a_taken_camera_port_names_the_remedy() -> None:
    """The same for the cameras."""
    with socket.create_server((HOST, 0)) as holder, pytest.raises(PortTaken, match="--camera-port 0"):
        CameraStreams([], HOST, holder.getsockname()[1])


def test_a_viewer_that_leaves_at_once_disturbs_nobody(cameras: CameraStreams) -> None:
    """A connection that is reset in the middle of a request is logged; the camera streams on."""
    for request in (b"", b"GET /cam-1.mjpg HTTP/1.1\r\n\r\n", b"\x00\xff\r\n\r\n"):
        with socket.create_connection((HOST, cameras.port), timeout=5) as viewer:
            viewer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            viewer.sendall(request)
    assert cv2.VideoCapture(cameras.urls()["cam-1"], cv2.CAP_FFMPEG, TIMEOUTS).read()[0]


@pytest.mark.parametrize(("camera_id", "shape"), [("cam-1", (720, 960, 3)), ("cam-4", (480, 640, 3))])
def test_opencv_reads_the_stream(cameras: CameraStreams, camera_id: str, shape: tuple[int, ...]) -> None:
    """A viewer gets frame after frame of the right size, and what it sees is what the eye sees."""
    capture = cv2.VideoCapture(cameras.urls()[camera_id], cv2.CAP_FFMPEG, TIMEOUTS)
    try:
        frames = [capture.read() for _ in range(2)]
    finally:
        capture.release()
    eye = cameras.eye(camera_id)
    assert eye is not None
    own = cv2.imdecode(np.frombuffer(eye.jpeg(), dtype=np.uint8), cv2.IMREAD_COLOR)
    assert own is not None
    for is_read, frame in frames:
        assert is_read
        assert frame.shape == shape
        assert np.abs(frame.astype(int) - own).mean() < 3


def test_a_frame_is_drawn_once_for_all_viewers(warehouse: Warehouse) -> None:
    """While nothing changes the same bytes are shared; when a carton was sold there is a new picture."""
    camera = warehouse.scene.camera("cam-1")
    assert camera is not None
    eye = CameraEye(warehouse, camera)
    first = eye.jpeg()
    assert eye.jpeg() is first
    before = warehouse.shelves_seen_by("cam-1")
    while warehouse.shelves_seen_by("cam-1") == before:
        warehouse.advance(warehouse.time_s + 1.0)
    assert eye.jpeg() != first


def test_an_unplugged_camera_ends_its_streams_and_comes_back(cameras: CameraStreams) -> None:
    """Reads fail once the cable is out, a new viewer gets nothing, its neighbour goes on; plugged in again it streams."""
    url = cameras.urls()["cam-2"]
    capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG, TIMEOUTS)
    assert capture.read()[0]
    cameras.unplug("cam-2")
    assert any(not capture.read()[0] for _ in range(3))
    capture.release()
    assert not cv2.VideoCapture(url, cv2.CAP_FFMPEG, TIMEOUTS).isOpened()
    assert cv2.VideoCapture(cameras.urls()["cam-1"], cv2.CAP_FFMPEG, TIMEOUTS).read()[0]
    cameras.plug("cam-2")
    assert cv2.VideoCapture(url, cv2.CAP_FFMPEG, TIMEOUTS).read()[0]


def test_an_unknown_camera_is_named(cameras: CameraStreams) -> None:
    """The error lists the cameras there are."""
    with pytest.raises(CameraUnknown, match="cam-1, cam-2, cam-3, cam-4"):
        cameras.unplug("cam-9")


def simulator(*options: str) -> "subprocess.Popen[str]":
    """The command line, as a user starts it."""
    command = [sys.executable, "-c", "from firmware_sim.cli import main; main()", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_up_announces_itself_and_stops_by_itself(tmp_path: Path) -> None:
    """One JSON line on standard output, the same in the ready file, truth on disk, exit code 0 after its seconds."""
    ready, truth = tmp_path / "ready.json", tmp_path / "truth.jsonl"
    ports = ("--modbus-port", "0", "--camera-port", "0")
    files = ("--ready-file", str(ready), "--truth", str(truth))
    with simulator("up", "--seconds", "3", "--speed", "20", *ports, *files) as running:
        out, err = running.communicate(timeout=60)
    assert running.returncode == 0, err
    assert json.loads(out) == json.loads(ready.read_text())
    assert json.loads(out)["modbus"]["port"] > 0
    assert set(json.loads(out)["cameras"]) == {"cam-1", "cam-2", "cam-3", "cam-4"}
    lines = [json.loads(line) for line in truth.read_text().splitlines()]
    assert [line["serial"] for line in lines if line["what"] == "part"][:5] == [0, 1, 2, 3, 4]
    assert sum(line["what"] == "shelf" for line in lines) >= 12


def test_a_killed_site_opens_again_with_the_shelves_it_had(tmp_path: Path) -> None:
    """What was sold is gone after a kill -9 too, so that the shelves still agree with the centre's books."""
    state, truth = tmp_path / "state.json", tmp_path / "truth.jsonl"
    files = ("--modbus-port", "0", "--camera-port", "0", "--state", str(state))
    with simulator("up", *files, "--speed", "40") as running:
        assert running.stdout is not None
        running.stdout.readline()
        opened = {shelf.id: shelf.starting_units for shelf in load("small_warehouse").shelves}
        assert eventually(lambda: kept_units(state) != opened, 30)
        running.kill()
        running.communicate()
    kept = kept_units(state)
    with simulator("up", *files, "--seconds", "0", "--truth", str(truth)) as running:
        _, err = running.communicate(timeout=60)
    assert running.returncode == 0, err
    assert dict(shelf_lines(truth)[: len(kept)]) == kept


def kept_units(state: Path) -> dict[str, int]:
    """What a state file holds, by location."""
    return {place: kept["units"] for place, kept in json.loads(state.read_text())["shelves"].items()}


def shelf_lines(truth: Path) -> list[tuple[str, int]]:
    """Location and units of each line about a shelf."""
    lines = [json.loads(line) for line in truth.read_text().splitlines()]
    return [(line["location"], line["units"]) for line in lines if line["what"] == "shelf"]


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"scene": "other", "shelves": {}}', '{"scene": "small_warehouse", "shelves": {"a-01": {"units": 99}}}'],
)
def test_a_state_that_does_not_fit_is_named_with_its_remedy(tmp_path: Path, content: str) -> None:
    """Damaged, of another scene, or too much for a shelf: the site says so and does not open with invented stock."""
    (tmp_path / "state.json").write_text(content)
    with simulator("up", "--modbus-port", "0", "--camera-port", "0", "--state", str(tmp_path / "state.json")) as running:
        _, err = running.communicate(timeout=60)
    assert running.returncode == 2
    assert "delete it to start" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_up_stops_cleanly_on_a_signal(number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end it with exit code 0, a viewer watching or not."""
    with simulator("up", "--modbus-port", "0", "--camera-port", "0") as running:
        assert running.stdout is not None
        url = json.loads(running.stdout.readline())["cameras"]["cam-4"]
        capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG, TIMEOUTS)
        assert capture.read()[0]
        running.send_signal(number)
        _, err = running.communicate(timeout=30)
        capture.release()
    assert running.returncode == 0, err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("up", "--scene", "large"), "small_warehouse"),
        (("up", "--speed", "-1"), "speed -1.0"),
        (("up", "--api-url", "http://127.0.0.1:1"), "--api-token-file"),
        (("up", "--api-url", "ftp://x", "--api-token-file", "/dev/null"), "--api-url 'ftp://x'"),
        (("up", "--modbus-port", "0", "--camera-port", "0", "--ready-file", "/nowhere/r.json"), "--ready-file"),
        (("up", "--modbus-port", "0", "--camera-port", "0", "--state", "/nowhere/s.json"), "--state"),
        (("snapshot", "x.jpg", "--camera", "cam-9"), "cam-1, cam-2, cam-3, cam-4"),
    ],
)
def test_a_wrong_option_is_one_clear_line(options: tuple[str, ...], complaint: str) -> None:
    """Exit code 2 and a sentence that names the thing, no traceback."""
    with simulator(*options) as running:
        _, err = running.communicate(timeout=60)
    assert running.returncode == 2
    assert complaint in err
    assert "Traceback" not in err


def test_a_snapshot_is_a_picture(tmp_path: Path) -> None:
    """The command writes what the camera sees."""
    out = tmp_path / "belt.png"
    with simulator("snapshot", str(out), "--camera", "cam-4", "--at", "2") as running:
        running.communicate(timeout=60)
    picture = cv2.imread(str(out))
    assert picture is not None
    assert picture.shape == (480, 640, 3)


def test_the_gate_throws_out_the_part_that_lies_before_it(warehouse: Warehouse) -> None:
    """Once each time it opens; an open gate that is opened again, and a closed one, throw out nothing."""

    async def check() -> None:
        async with modbus_client(warehouse) as client:
            assert (await client.read_coils(0, count=1, device_id=9)).bits[0] is False
            for is_open in (True, True, False):
                assert not (await client.write_coil(0, is_open, device_id=9)).isError()
                assert (await client.read_coils(0, count=1, device_id=9)).bits[0] is is_open
            assert (await client.write_coil(1, True, device_id=9)).isError()

    part = warehouse.belt_view(warehouse.time_s).part
    assert part is not None
    asyncio.run(check())
    assert list(warehouse.rejected) == [part.serial]
    assert warehouse.belt_view(warehouse.time_s).part is None
    assert warehouse.belt_view(warehouse.time_s + warehouse.scene.belt.cycle_s).part is not None


def test_a_stopped_machine_stands_still_until_somebody_starts_it(warehouse: Warehouse) -> None:
    """Its coil reads on meanwhile, writing it off starts nothing, and its registers say that it stands."""

    async def check() -> None:
        async with modbus_client(warehouse) as client:
            for is_stop in (True, False):
                assert not (await client.write_coil(0, is_stop, device_id=1)).isError()
                warehouse.advance(warehouse.time_s + 1)
                assert (await client.read_coils(0, count=1, device_id=1)).bits[0] is True
            still = await reading(client, warehouse, 0)
            assert (still["speed_rpm"], still["vibration_mm_s"], still["current_a"]) == (0, 0, 0)
            warehouse.advance(warehouse.time_s + 120)
            assert (await client.read_coils(0, count=1, device_id=1)).bits[0] is False
            assert (await reading(client, warehouse, 0))["speed_rpm"] > 1000

    asyncio.run(check())


def test_the_truth_tells_of_gate_and_stop(warehouse: Warehouse, tmp_path: Path) -> None:
    """When a part was thrown out, when a machine was stopped and started again."""
    with TruthFile(tmp_path / "truth.jsonl", system_clock(1.0)) as truth:
        part = warehouse.reject()
        warehouse.reject()
        warehouse.stop(0)
        truth.observe(warehouse, [])
        truth.observe(warehouse, warehouse.advance(warehouse.time_s + 121))
    lines = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    assert [line["rejected"] for line in lines if line["what"] == "gate"] == [part and part.serial, None]
    assert [line["stopped"] for line in lines if line["what"] == "stop"] == [True, False]
