"""Column types that SQLite lacks: aware instants and JSON in which nothing is nothing."""

from collections.abc import Iterable
from datetime import UTC, datetime

from msgspec.json import Decoder, Encoder
from sqlalchemy import JSON, Dialect, String
from sqlalchemy.types import TypeDecorator

Json = JSON(none_as_null=True)

_encoder = Encoder()
_decoder = Decoder(list[str])


def instant_text(moment: datetime) -> str:
    """`moment` as stored: UTC with milliseconds, so that texts sort as times do. Raises ValueError when naive."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone: use an aware datetime")
    return instant_texts([moment])[0]


def instant_texts(moments: Iterable[datetime]) -> list[str]:
    """`instant_text` of many: several times as fast as isoformat, which matters where events land. All must be aware."""
    utc = [moment if moment.tzinfo is UTC else moment.astimezone(UTC) for moment in moments]
    texts = _decoder.decode(_encoder.encode(utc))  # "2026-11-24T08:10:40.001000Z", without a fraction when it is zero
    return [text[:23] + "+00:00" if len(text) == 27 else text[:19] + ".000+00:00" for text in texts]


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
