"""Stretches of time in whole minutes since 1970, and the hours of a week as such stretches. Pure."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, NamedTuple

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
GRID_MINUTES = 15
_MINUTE = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Span(NamedTuple):
    """From `begin` to before `end`."""

    begin: int
    end: int

    @property
    def minutes(self) -> int:
        """How long it is."""
        return self.end - self.begin


def minute_of(moment: datetime) -> int:
    """The minute that a moment falls into."""
    return (moment - _EPOCH) // _MINUTE


def moment_of(minute: int) -> datetime:
    """When a minute begins."""
    return _EPOCH + minute * _MINUTE


def on_grid(minute: int) -> int:
    """The first quarter of an hour from `minute` on."""
    return -(-minute // GRID_MINUTES) * GRID_MINUTES


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same time as few stretches, in order."""
    whole: list[Span] = []
    for span in sorted(span for span in spans if span.minutes > 0):
        if whole and span.begin <= whole[-1].end:
            whole[-1] = Span(whole[-1].begin, max(whole[-1].end, span.end))
        else:
            whole.append(span)
    return whole


def shared(some: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """The time that is in both."""
    rest = list(others)
    return joined(Span(max(a.begin, b.begin), min(a.end, b.end)) for a in some for b in rest)


def without(some: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """The time of `some` that is not in `others`."""
    left = joined(some)
    for cut in joined(others):
        pieces = ((Span(s.begin, min(s.end, cut.begin)), Span(max(s.begin, cut.end), s.end)) for s in left)
        left = [piece for pair in pieces for piece in pair if piece.minutes > 0]
    return left


def minutes_shared(span: Span, others: Iterable[Span]) -> int:
    """How much of `span` lies in others that do not overlap one another."""
    return sum(max(0, min(span.end, other.end) - max(span.begin, other.begin)) for other in others)


def of_week(hours: Sequence[Any], between: Span, zone: tzinfo) -> list[Span]:
    """The hours of a week (see `central.store.upkeep`) as they fall within a stretch."""
    first, last = (moment_of(minute).astimezone(zone).date() for minute in between)
    days = [first + timedelta(days=n) for n in range(-1, (last - first).days + 1)]
    found = [_on(day, row, zone) for day in days for row in hours if DAYS[day.weekday()] in row["days"]]
    return shared([between], found)


def of_day(day: date, zone: tzinfo) -> Span:
    """A date in a zone, midnight to midnight."""
    begin, end = (datetime.combine(day + timedelta(days=n), time(), zone) for n in (0, 1))
    return Span(minute_of(begin), minute_of(end))


def _on(day: date, row: Any, zone: tzinfo) -> Span:
    begin, end = time.fromisoformat(row["from"]), time.fromisoformat(row["to"])
    until = day + timedelta(days=end <= begin)
    return Span(*(minute_of(datetime.combine(d, t, zone)) for d, t in ((day, begin), (until, end))))
