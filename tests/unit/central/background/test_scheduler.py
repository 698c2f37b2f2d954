"""When a card's cron text comes round."""

from datetime import UTC, datetime, timedelta, timezone

from central.deciding.timing import following


def test_the_next_time_is_the_first_one_after_now() -> None:
    """Seven past the hour, counted in UTC whatever zone the clock speaks."""
    now = datetime(2026, 11, 24, 12, 7, tzinfo=UTC)
    assert following("7 * * * *", now) == now + timedelta(hours=1)
    assert following("7 * * * *", now.astimezone(timezone(timedelta(hours=5, minutes=30)))) == now + timedelta(hours=1)
