"""Equipment anomaly: a machine that no longer behaves as it learned, or a sensor that cannot be trusted."""

from datetime import UTC, datetime, timedelta
from math import sin

from edge_agent.sample import Reading
from edge_agent.task import Context, Example, Task, TaskCard
from edge_agent.tasks.equipment_anomaly.settings import Settings

EXAMPLE_STARTED_AT = datetime(2026, 11, 24, 8, tzinfo=UTC)


def build(settings: Settings, context: Context) -> Task:
    """A watcher of every asset of one source."""
    from edge_agent.tasks.equipment_anomaly.task import EquipmentAnomalyTask  # noqa: PLC0415 (numpy only where it is used)

    return EquipmentAnomalyTask(settings, context)


def example() -> Example:
    """Two minutes of a healthy motor, then one of strong vibration."""
    readings = [_reading(second, 1.3 if second < 120 else 6.0) for second in range(180)]
    units = {"vibration_mm_s": "mm/s", "current_a": "A"}
    return Example(settings=Settings(learn_s=40), samples=readings, units=units)


def _reading(second: int, level_mm_s: float) -> Reading:
    """A reading with a small, irregular but repeatable ripple."""
    values = {"vibration_mm_s": level_mm_s + 0.05 * sin(second * second), "current_a": 3.7 + 0.1 * sin(7.3 * second)}
    taken_at = EXAMPLE_STARTED_AT + timedelta(seconds=second)
    return Reading("motor-1", taken_at, second * 1000, "ntp", "motor-1", values)


CARD = TaskCard(
    kind="equipment_anomaly",
    samples=Reading,
    settings=Settings,
    messages=("equipment_anomaly/1", "sensor_summary/1"),
    build=build,
    example=example,
    measured_by="anomaly",
)
