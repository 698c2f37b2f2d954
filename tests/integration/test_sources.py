"""Sources against real cameras, a real Modbus server and real files."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from msgspec import structs

from edge_agent.clock import DeviceClock
from edge_agent.errors import BadRecording, ConfigError, SourceEnded, SourceLost
from edge_agent.registry import SourcePlace, open_source
from edge_agent.sample import Frame, Reading, Sample
from edge_agent.sources.source import Source
from firmware_sim.devices.camera_eye import CameraEye
from firmware_sim.devices.camera_stream import CameraStreams
from firmware_sim.devices.modbus_machine import ModbusMachines
from firmware_sim.scene import Faults, SensorFault
from firmware_sim.scene_file import load
from firmware_sim.world.warehouse import Warehouse
from protocols.envelope import Clock
from tests.parts.ports import eventually, free_port

HOST = "127.0.0.1"
CLOCK = DeviceClock("boot")


@pytest.fixture
def warehouse() -> Warehouse:
    """The small warehouse after a second."""
    scene = load("small_warehouse")
    world = Warehouse(scene, scene.seed)
    world.advance(1.0)
    return world


@contextmanager
def opened(place: SourcePlace) -> Iterator[Source]:
    """A source, closed at the end."""
    source = open_source(place, CLOCK)
    try:
        yield source
    finally:
        source.close()


def sample_of(source: Source, within_s: float = 10.0) -> Sample:
    """The next sample, however often the source is lost on the way."""
    deadline_s = time.monotonic() + within_s
    while time.monotonic() < deadline_s:
        try:
            sample = source.read(0.2)
        except SourceLost:
            continue
        if sample is not None:
            return sample
    raise AssertionError(f"no sample within {within_s} s")


def sample_or_loss(source: Source) -> Sample:
    """What comes first. Raises SourceLost."""
    while (sample := source.read(0.2)) is None:
        pass
    return sample


def is_lost(source: Source) -> bool:
    """Whether reading says that the source is lost."""
    try:
        source.read(0.2)
    except SourceLost:
        return True
    return False


def played(source: Source) -> list[Sample]:
    """Every sample of a recording."""
    samples: list[Sample] = []
    while True:
        try:
            sample = source.read(1.0)
        except SourceEnded:
            return samples
        if sample is not None:
            samples.append(sample)


def camera_at(url: str) -> SourcePlace:
    """A camera that is looked at as often as it shows something new."""
    return SourcePlace("cam-1", "camera", url=url, interval_s=0.01)


def test_a_camera_that_is_unplugged_comes_back(warehouse: Warehouse) -> None:
    """Frames, then SourceLost that names the address, then frames again, by calling `read` and nothing else."""
    eyes = [CameraEye(warehouse, camera) for camera in warehouse.scene.cameras]
    with CameraStreams(eyes, HOST, 0) as streams:
        url = streams.urls()["cam-1"]
        with opened(camera_at(url)) as camera:
            first = sample_of(camera)
            assert isinstance(first, Frame)
            assert first.pixels.shape == (720, 960, 3)
            assert first.pixels.dtype == np.uint8
            streams.unplug("cam-1")
            eventually(lambda: is_lost(camera), 20, "the loss")
            streams.plug("cam-1")
            assert sample_of(camera).monotonic_ms > first.monotonic_ms


def test_a_reader_that_pauses_gets_a_new_frame(warehouse: Warehouse) -> None:
    """The thread behind keeps only the newest; the others are counted as dropped."""
    eyes = [CameraEye(warehouse, warehouse.scene.cameras[0])]
    with CameraStreams(eyes, HOST, 0) as streams, opened(camera_at(streams.urls()["cam-1"])) as camera:
        sample_of(camera)
        dropped = camera.dropped
        eventually(lambda: camera.dropped >= dropped + 3, what="dropped frames")
        asked_ms = CLOCK.now().monotonic_ms
        assert asked_ms - sample_of(camera).monotonic_ms < 1000


def test_a_camera_that_stalls_is_lost_within_its_timeouts() -> None:
    """It accepts the connection and says nothing, as a hung camera does."""
    with socket.create_server((HOST, 0)) as silent:
        url = f"http://{HOST}:{silent.getsockname()[1]}/cam.mjpg"
        with opened(camera_at(url)) as camera:
            eventually(lambda: is_lost(camera), 20, "the loss")


def test_a_camera_whose_reader_fails_is_lost(warehouse: Warehouse) -> None:
    """Whoever waits for a frame hears of it, instead of waiting for ever beside a dead thread."""

    def broken() -> Clock:
        raise OSError("no clock")

    with CameraStreams([CameraEye(warehouse, warehouse.scene.cameras[0])], HOST, 0) as streams:
        camera = open_source(camera_at(streams.urls()["cam-1"]), DeviceClock("boot", trust=broken))
        with closing(camera), pytest.raises(SourceLost, match="cannot be read: OSError: no clock"):
            sample_or_loss(camera)


@contextmanager
def machines_of(warehouse: Warehouse) -> Iterator[int]:
    """The warehouse's machines on a Modbus server of their own thread; the port."""
    loop, ready, over = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    ports: list[int] = []

    async def serve() -> None:
        async with ModbusMachines(warehouse, HOST, 0) as machines:
            ports.append(machines.port)
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(10)
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()


def machine(port: int, device_id: int = 1, profile: str = "conveyor_motor") -> SourcePlace:
    """The conveyor's condition unit."""
    return SourcePlace(
        "conveyor-1",
        "modbus",
        host=HOST,
        port=port,
        device_id=device_id,
        profile=profile,
        asset="conveyor-1",
        interval_s=0.05,
    )


def test_a_machine_is_read_by_its_profile(warehouse: Warehouse) -> None:
    """Named channels with units, at the interval asked for."""
    with machines_of(warehouse) as port, opened(machine(port)) as source:
        readings = [sample_of(source) for _ in range(3)]
        reported = warehouse.machines[0].reported
        assert reported is not None
        for reading in readings:
            assert isinstance(reading, Reading)
            assert reading.asset == "conveyor-1"
            assert reading.values["vibration_mm_s"] == pytest.approx(reported["vibration_mm_s"], abs=0.05)
        assert source.units["vibration_mm_s"] == "mm/s"
        assert readings[-1].monotonic_ms - readings[0].monotonic_ms >= 90


def test_a_unit_off_the_bus_gives_missing_channels(warehouse: Warehouse) -> None:
    """The gateway answers, the unit does not: every channel is None, counted, and the source is not lost."""
    fault = SensorFault("conveyor-1", "dropout", start_s=0.0, lasts_s=500.0)
    scene = structs.replace(warehouse.scene, faults=Faults(repeat_s=1000.0, sensor=(fault,)))
    silent = Warehouse(scene, 1)
    silent.advance(1.0)
    with machines_of(silent) as port, opened(machine(port)) as source:
        reading = sample_of(source)
        assert isinstance(reading, Reading)
        assert set(reading.values.values()) == {None}
        assert source.refused == 1


def test_a_machine_that_does_not_answer_is_lost() -> None:
    """Nobody listens at that port: the address and the remedy are named."""
    with opened(machine(free_port())) as source, pytest.raises(SourceLost, match="check power, address and port"):
        sample_or_loss(source)


def test_an_unknown_profile_is_refused_by_name() -> None:
    """With those that are shipped."""
    with pytest.raises(ConfigError, match="conveyor_motor"):
        open_source(machine(502, profile="toaster"), CLOCK)


@pytest.mark.parametrize(
    ("kind", "missing"), [("camera", "url"), ("modbus", "profile"), ("csv", "path"), ("pictures", "path")]
)
def test_a_source_without_its_key_is_refused(kind: str, missing: str) -> None:
    """By the key it needs."""
    with pytest.raises(ConfigError, match=f"needs '{missing}'"):
        open_source(SourcePlace("x", kind), CLOCK)


def picture(path: Path, grey: int) -> None:
    """A small grey picture."""
    path.parent.mkdir(exist_ok=True)
    assert cv2.imwrite(str(path), np.full((24, 32, 3), grey, np.uint8))


def test_a_folder_is_played_by_name_and_a_corrupt_picture_is_counted(tmp_path: Path) -> None:
    """Text files are no pictures; a broken picture is named and the next one comes."""
    for number in (2, 1, 3):
        picture(tmp_path / f"{number}.png", number * 10)
    (tmp_path / "2b.jpg").write_bytes(b"\xff\xd8 not really")
    (tmp_path / "0.jpg").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("hello")
    with opened(SourcePlace("shelf", "pictures", path=tmp_path, speed=None)) as source:
        frames = [frame for frame in played(source) if isinstance(frame, Frame)]
        assert [int(frame.pixels[0, 0, 0]) for frame in frames] == [10, 20, 30]
        assert source.refused == 2
    spacing_s = [(b.taken_at - a.taken_at).total_seconds() for a, b in pairwise(frames)]
    assert spacing_s == [1.0, 1.0]
    assert frames[-1].taken_at <= CLOCK.now().at
    assert {frame.clock for frame in frames} == {"estimated"}


def test_folders_inside_a_folder_are_played(tmp_path: Path) -> None:
    """As data sets are laid out."""
    picture(tmp_path / "images" / "1.png", 10)
    with opened(SourcePlace("shelf", "pictures", path=tmp_path, speed=None)) as source:
        assert len(played(source)) == 1


@pytest.mark.parametrize(
    ("kind", "path", "says"),
    [
        ("pictures", "empty", "holds no picture"),
        ("pictures", "none", "not a folder"),
        ("video", "film.mp4", "not a video"),
        ("csv", "none.csv", "check the path"),
        ("csv", "binary.csv", "header|number|text"),
    ],
)
def test_a_recording_that_cannot_be_played_says_why(tmp_path: Path, kind: str, path: str, says: str) -> None:
    """By its path, with the remedy."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "film.mp4").write_bytes(b"not a film")
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)) * 8)
    with pytest.raises(BadRecording, match=says) as refused:
        open_source(SourcePlace("x", kind, path=tmp_path / path), CLOCK)
    assert str(tmp_path / path) in str(refused.value)


def test_a_video_is_played_frame_by_interval(tmp_path: Path) -> None:
    """One frame for each interval of its own time."""
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (32, 24))
    for number in range(30):
        writer.write(np.full((24, 32, 3), number * 8, np.uint8))
    writer.release()
    with opened(SourcePlace("film", "video", path=path, speed=None, interval_s=0.5)) as source:
        frames = [frame for frame in played(source) if isinstance(frame, Frame)]
    assert [round(int(frame.pixels[0, 0, 0]) / 8) for frame in frames] == [0, 5, 10, 15, 20, 25]


def test_a_recording_keeps_its_pace(tmp_path: Path) -> None:
    """At ten times speed, a second of the recording takes a tenth; its times keep their spacing and end now."""
    path = tmp_path / "line.csv"
    path.write_text("time,a\n" + "".join(f"2020-02-08 13:30:{second:02d},{second}\n" for second in range(4)))
    started_s = time.monotonic()
    with opened(SourcePlace("line", "csv", path=path, asset="line", speed=10.0)) as source:
        readings = played(source)
    took_s = time.monotonic() - started_s
    assert len(readings) == 4
    assert 0.3 <= took_s < 3
    assert (readings[-1].taken_at - readings[0].taken_at).total_seconds() == 3
    assert abs((CLOCK.now().at - readings[-1].taken_at).total_seconds()) < 3
