"""Column types that SQLite lacks: aware instants and JSON in which nothing is nothing."""

from datetime import UTC, datetime

from sqlalchemy import JSON, Dialect, String
from sqlalchemy.types import TypeDecorator

Json = JSON(none_as_null=True)


def instant_text(moment: datetime) -> str:
    """`moment` as stored: UTC with milliseconds, so that texts sort as times do. Raises ValueError when naive."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone: use an aware datetime")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


class Instant(TypeDecorator[datetime]):
    """A moment: aware in Python, UTC text with milliseconds in the database."""

    impl = String(29)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Aware datetime to text."""
        return None if value is None else instant_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Text to aware datetime."""
        return None if value is None else datetime.fromisoformat(value)
