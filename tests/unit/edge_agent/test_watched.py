"""A camera that is watched: frozen pictures, a lens that was moved, and frames by trigger only."""

from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.sample import Frame
from edge_agent.sources.source import SelfAware
from edge_agent.sources.triggers import FrameGate, FrozenWatch, Trigger
from edge_agent.sources.viewpoint import LOOK_EVERY_S, LOOKS_IN_A_ROW, Viewpoint
from edge_agent.sources.watched import WatchedCamera
from edge_agent.thumbnail import Pixels
from firmware_sim.render.lighting import Lighting
from firmware_sim.render.shelf_image import render_shelves
from firmware_sim.world.shelf import CartonGrid, Shelf, draw_look

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)


class Camera:
    """Plays these frames, one a second from `start_s` on."""

    def __init__(self, frames: list[Pixels], start_s: float = 0.0) -> None:
        self.dropped, self.refused, self.units = 3, 0, dict[str, str]()
        self._frames, self._at_ms = list(frames), int(start_s * 1000)

    def read(self, timeout_s: float) -> Frame | None:
        """The next one."""
        if not self._frames:
            return None
        self._at_ms += 1000
        return Frame("cam-1", AT, self._at_ms, "ntp", self._frames.pop(0))

    def close(self) -> None:
        """Nothing to let go of."""


def racks(units: int, noise_seed: int, gain: float = 1.0) -> Pixels:
    """Four racks with so many cartons each; the noise of the sensor differs by its seed."""
    looks = [draw_look(np.random.default_rng(place)) for place in range(4)]
    shelves = [Shelf(f"l{n}", f"s{n}", CartonGrid(4, 2, 1), units, looks[n]) for n in range(4)]
    return render_shelves(shelves, Lighting(gain=gain), np.random.default_rng(noise_seed)).frame


def pushed(pixels: Pixels, right: float) -> Pixels:
    """The view of a camera that was turned by that share of its picture."""
    height, width = pixels.shape[:2]
    across = np.array([[1, 0, right * width], [0, 1, 0]], dtype=np.float64)
    return cv2.warpAffine(pixels, across, (width, height), borderMode=cv2.BORDER_REFLECT).astype(np.uint8, copy=False)


def looked(view: Viewpoint, pixels: Pixels, first: int = 0, looks: int = LOOKS_IN_A_ROW) -> None:
    """Show the same scene at so many looks."""
    for number in range(first, first + looks):
        view.look(pixels, number * LOOK_EVERY_S)


def watched(frames: list[Pixels], folder: Path, trigger: Trigger = "interval") -> WatchedCamera:
    """A watched camera that plays these."""
    return WatchedCamera(Camera(frames), FrameGate(trigger), Viewpoint("cam-1", folder / "cam-1.png"))


def test_a_moved_camera_is_told_with_what_to_do_and_a_camera_put_back_is_well(tmp_path: Path) -> None:
    """Only after some looks in a row; the reference survives a restart."""
    file = tmp_path / "views" / "cam-1.png"
    view = Viewpoint("cam-1", file)
    looked(view, racks(8, 1), looks=3)
    looked(view, pushed(racks(8, 2), 0.06), first=3, looks=LOOKS_IN_A_ROW - 1)
    assert view.trouble is None
    looked(view, pushed(racks(8, 3), 0.06), first=20, looks=1)
    assert "put it back" in (view.trouble or "")
    assert str(file) in (view.trouble or "")
    again = Viewpoint("cam-1", file)
    looked(again, pushed(racks(8, 4), 0.06))
    assert "6% sideways" in (again.trouble or "")
    looked(again, racks(8, 5), first=30, looks=1)
    assert again.trouble is None


def test_a_camera_turned_to_another_scene_is_told(tmp_path: Path) -> None:
    """Nothing of the old view is left."""
    view = Viewpoint("cam-1", tmp_path / "v.png")
    looked(view, racks(8, 1), looks=1)
    rng = np.random.default_rng(0)
    other = np.full((720, 960, 3), 120, np.uint8)
    for left, top, grey in rng.integers((0, 0, 20), (900, 660, 240), (90, 3)).tolist():
        cv2.circle(other, (left, top), 40, (grey, grey, grey), -1)
    looked(view, other, first=1)
    assert view.trouble is not None


@pytest.mark.parametrize(("units", "gain"), [(0, 1.0), (5, 0.75), (8, 1.2), (2, 0.9)])
def test_sales_and_light_are_no_move(tmp_path: Path, units: int, gain: float) -> None:
    """Shelves are emptied and the sun comes in; the camera stands still."""
    view = Viewpoint("cam-1", tmp_path / "v.png")
    looked(view, racks(8, 1), looks=1)
    looked(view, racks(units, 2, gain), first=1)
    assert view.trouble is None


def test_at_night_nothing_is_said_of_the_view(tmp_path: Path) -> None:
    """A dark picture has no edges to compare."""
    view = Viewpoint("cam-1", tmp_path / "v.png")
    looked(view, racks(8, 1), looks=1)
    looked(view, (racks(8, 2) // 40).astype(np.uint8), first=1)
    assert view.trouble is None


def test_a_damaged_reference_is_taken_anew(tmp_path: Path) -> None:
    """The agent starts; the next view counts."""
    (tmp_path / "v.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    view = Viewpoint("cam-1", tmp_path / "v.png")
    looked(view, racks(8, 1))
    assert view.trouble is None
    assert len((tmp_path / "v.png").read_bytes()) > 1000


def test_a_frozen_picture_is_withheld_counted_and_told(tmp_path: Path) -> None:
    """After a minute of the very same picture; the first one that differs is passed on again."""
    still, fresh = racks(8, 1), racks(8, 2)
    camera = watched([still] * 70 + [fresh], tmp_path)
    assert isinstance(camera, SelfAware)
    passed = [camera.read(0.1) is not None for _ in range(70)]
    assert passed == [True] * 60 + [False] * 10
    assert camera.refused == 10
    assert "same picture" in (camera.trouble or "")
    assert camera.read(0.1) is not None
    assert camera.trouble is None


def test_a_sensor_with_noise_is_never_taken_for_frozen() -> None:
    """A scene at rest differs in its noise."""
    watch, rng = FrozenWatch(), np.random.default_rng(1)
    scene = np.full((70, 70, 3), 100, np.uint8)
    frames = [(scene + rng.integers(0, 2, scene.shape)).astype(np.uint8) for _ in range(5)]
    assert not any(watch.is_frozen(frames[n % 5], float(n)) for n in range(300))


QUIET = [racks(8, number) for number in range(4)]


def test_motion_lets_one_frame_a_change_through_and_one_a_minute(tmp_path: Path) -> None:
    """Of a scene at rest, then one with fewer cartons: the first, the change, and what is held back is counted."""
    rest, sold = [QUIET[n % 4] for n in range(20)], [racks(5, 20), racks(5, 21)] * 5
    camera = watched(rest + sold, tmp_path, "motion")
    passed = [number for number in range(30) if camera.read(0.1) is not None]
    assert passed == [0, 20]
    assert (camera.held_back, camera.dropped) == (28, 3)
    quiet = watched([QUIET[n % 4] for n in range(130)], tmp_path / "other", "motion")
    assert [number for number in range(130) if quiet.read(0.1) is not None] == [0, 60, 120]


def test_by_command_one_frame_comes_when_it_is_asked_for(tmp_path: Path) -> None:
    """And one only."""
    camera = watched([racks(8, n) for n in range(5)], tmp_path, "command")
    assert camera.read(0.1) is None
    camera.ask()
    assert [camera.read(0.1) is not None for _ in range(3)] == [True, False, False]


@given(st.lists(st.booleans(), max_size=30))
def test_each_time_that_somebody_asks_one_frame_passes(asks: list[bool]) -> None:
    """As many frames as asked for, whatever comes between."""
    gate, frame, passed = FrameGate("command"), np.zeros((24, 32, 3), np.uint8), 0
    for number, asked in enumerate(asks):
        if asked:
            gate.ask()
        passed += gate.passes(frame, float(number))
    assert passed == sum(asks)
