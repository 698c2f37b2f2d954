"""When a card's cron text (UTC) is due. Pure."""

from datetime import UTC, datetime

from cronsim import CronSim


def following(schedule: str, now: datetime) -> datetime:
    """The first moment after `now` that the cron text names."""
    return next(CronSim(schedule, now.astimezone(UTC)))
