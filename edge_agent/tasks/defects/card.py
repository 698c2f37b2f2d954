"""Defects: does a part look like the good ones the model was taught?"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from edge_agent.sample import Frame
from edge_agent.task import Context, Example, ModelFolder, Task, TaskCard
from edge_agent.tasks.defects.settings import Settings

if TYPE_CHECKING:
    from edge_agent.tasks.defects.school import Shipped
    from edge_agent.thumbnail import Pixels

EXAMPLE_STARTED_AT = datetime(2026, 11, 24, 8, tzinfo=UTC)


def build(settings: Settings, context: Context) -> Task:
    """An inspector with the model that was released, else the shipped bundle `settings.model`, and with what its station
    was taught, where that fits. Raises BundleRejected."""
    from edge_agent.tasks.defects.station import at_station  # noqa: PLC0415 (OpenCV and ONNX Runtime only where used)
    from edge_agent.tasks.defects.task import DefectsTask  # noqa: PLC0415

    station = at_station(_shipped(context.model(settings.model)), context.source_id, settings, context.lesson)
    return DefectsTask(settings, station.detector, station)


@lru_cache(maxsize=1)
def _shipped(model: ModelFolder) -> "Shipped":
    """One session for all cameras of a process: it may be run by several threads, and takes some 40 MB."""
    from edge_agent.tasks.defects.station import shipped  # noqa: PLC0415

    return shipped(model)


def example() -> Example:
    """An empty belt, then a plate with a hole comes to rest on it."""
    empty, part = _belt(), _plate_with_hole()
    frames = [_frame(tick, empty if tick < 4 else part) for tick in range(10)]
    return Example(settings=Settings(line="line-1"), samples=frames)


def _frame(tick: int, pixels: "Pixels") -> Frame:
    return Frame("cam-4", EXAMPLE_STARTED_AT + timedelta(milliseconds=200 * tick), 200 * tick, "ntp", pixels)


def _belt() -> "Pixels":
    """A dark belt (480, 640, 3) between two bright edges."""
    import numpy as np  # noqa: PLC0415 (only to make the example)

    pixels = np.full((480, 640, 3), 44, dtype=np.uint8)
    pixels[:, ::4] = 52
    pixels[:22], pixels[-22:] = 100, 100
    return pixels


def _plate_with_hole() -> "Pixels":
    """A bright plate in the middle of the belt with a dark hole through it."""
    pixels = _belt()
    pixels[140:340, 180:460] = 178
    pixels[142:338:3, 182:458] = 170
    pixels[200:270, 280:360] = 12
    return pixels


CARD = TaskCard(
    kind="defects",
    samples=Frame,
    settings=Settings,
    messages=("defect/1", "equipment_anomaly/1"),
    build=build,
    example=example,
    forget_models=_shipped.cache_clear,
    measured_by="defects",
)
