"""Shelf count: how many units of an item stand at a location."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.sample import Frame
from edge_agent.task import Context, Example, ModelFolder, Task, TaskCard
from edge_agent.tasks.shelf_count.settings import Region, Settings

if TYPE_CHECKING:
    from edge_agent.tasks.shelf_count.names import Identify
    from edge_agent.thumbnail import Pixels
    from vision_models.inference.shelf import ShelfDetector

EXAMPLE_STARTED_AT = datetime(2026, 11, 24, 8, tzinfo=UTC)


def build(settings: Settings, context: Context) -> Task:
    """A counter with the model that was released, else the shipped bundle `settings.model`. Raises BundleRejected."""
    from edge_agent.tasks.shelf_count.task import ShelfCountTask  # noqa: PLC0415 (OpenCV and ONNX Runtime where used)

    detector = _detector(context.model(settings.model))
    return ShelfCountTask(settings, context.source_id, detector, _identify(settings, context.weights))


def _identify(settings: Settings, weights: Path) -> "Identify | None":
    """Names the product in a crop, where a gallery is configured: a path, from the shipped models' folder if relative."""
    if settings.gallery is None:
        return None
    from vision_models.inference.products import ProductReader  # noqa: PLC0415

    reader = ProductReader.load(weights / "products", weights / settings.gallery, settings.codes)
    return lambda crop: reader.identify(crop).sku


@lru_cache(maxsize=1)
def _detector(model: ModelFolder) -> "ShelfDetector":
    """One session for all cameras of a process: it may be run by several threads, and takes some 40 MB."""
    from vision_models.inference.manifest import RunAs  # noqa: PLC0415
    from vision_models.inference.shelf import ShelfDetector  # noqa: PLC0415

    return ShelfDetector.load(model.folder, *model.trusted_keys, run_as=RunAs(model.variant, model.threads))


def example() -> Example:
    """Cartons on a rack: eight for five looks, then six."""
    full, sold = _rack(8), _rack(6)
    frames = [_frame(second, full if second < 5 else sold) for second in range(10)]
    region = Region(location="a-01", sku="tea", roi=(0.1, 0.1, 0.8, 0.8), capacity=8)
    return Example(settings=Settings(regions=(region,), frames=3), samples=frames)


def _frame(second: int, pixels: "Pixels") -> Frame:
    return Frame("cam-1", EXAMPLE_STARTED_AT + timedelta(seconds=second), second * 1000, "ntp", pixels)


def _rack(cartons: int) -> "Pixels":
    """A grey wall (360, 480, 3) with up to eight brown boxes in two rows, filled from the floor up."""
    import numpy as np  # noqa: PLC0415 (only to make the example)

    pixels = np.full((360, 480, 3), 70, dtype=np.uint8)
    for place in range(cartons):
        left, bottom = 70 + 90 * (place % 4), 320 - 130 * (place // 4)
        pixels[bottom - 110 : bottom, left : left + 80] = (30, 50, 70)
        pixels[bottom - 106 : bottom - 4, left + 4 : left + 76] = (100, 150, 190)
        pixels[bottom - 106 : bottom - 4, left + 36 : left + 44] = (150, 190, 215)
    return pixels


CARD = TaskCard(
    kind="shelf_count",
    samples=Frame,
    settings=Settings,
    messages=("shelf_count/1",),
    build=build,
    example=example,
    forget_models=_detector.cache_clear,
    exempt={"benchmark": "accuracy against peers stands in the model's card until the counting benchmark is written"},
)
