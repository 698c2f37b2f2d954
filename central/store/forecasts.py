"""What was expected of each item at each origin, kept so that it can be compared with what came; past origins stay."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from msgspec import Struct, convert, to_builtins
from sqlalchemy import Boolean, Column, Connection, Date, Float, Row, String, Table, delete, select

from central.store.engine import put_rows
from central.store.metadata import metadata
from central.store.types import Instant, Json

forecasts = Table(
    "forecasts",
    metadata,
    Column("site", String, primary_key=True),
    Column("sku", String, primary_key=True),
    Column("origin", Date, primary_key=True),
    Column("made_at", Instant, nullable=False),
    Column("is_backtest", Boolean, nullable=False),  # made afterwards, with what was known at the origin
    Column("kind", String, nullable=False),
    Column("levels", Json, nullable=False),
    Column("stretches", Json, nullable=False),
    Column("parts", Json, nullable=False),
    Column("error_share", Float),
    Column("naive_error_share", Float),
    Column("covered", Float),
)


class Stretch(Struct, frozen=True):
    """Demand from day `first` until before day `last` after the origin. mean: units; quantiles: at the forecast's levels."""

    first: int
    last: int
    mean: float
    quantiles: tuple[float, ...]


class Forecast(Struct, frozen=True, kw_only=True):
    """One item from one origin, the first day that is not known. kind: how it sells, by name.

    stretches: weeks, then days from the origin on: their sums' quantiles are their own. parts: units of the whole horizon by
    what brings them. error_share: mean absolute error of past weeks over demand, naive_error_share that of a flat mean;
    covered: share of past weeks within the 80 % interval. None where no past was long enough.
    """

    sku: str
    origin: date
    kind: str
    levels: tuple[float, ...]
    stretches: tuple[Stretch, ...]
    parts: dict[str, float] = {}
    is_backtest: bool = False
    error_share: float | None = None
    naive_error_share: float | None = None
    covered: float | None = None

    @property
    def weeks(self) -> tuple[Stretch, ...]:
        """One a week, in order; the first is also the sum of seven days."""
        found: dict[int, Stretch] = {}
        for each in self.stretches:
            if each.last - each.first == 7 and each.first % 7 == 0:
                found.setdefault(each.first, each)
        return tuple(found[first] for first in sorted(found))

    def sum_of(self, days: int) -> Stretch | None:
        """Demand of the first `days` days; None where it was not told."""
        return next((each for each in self.stretches if (each.first, each.last) == (0, days)), None)

    @property
    def whole(self) -> Stretch:
        """Demand of the whole horizon."""
        return max(self.stretches, key=lambda each: each.last - each.first)


def put(conn: Connection, site: str, made: Iterable[Forecast], made_at: datetime) -> None:
    """Insert or overwrite, by item and origin."""
    about = {"site": site, "made_at": made_at}
    put_rows(conn, forecasts, [_row(each) | about for each in made])


def newest(conn: Connection, site: str, sku: str) -> Forecast | None:
    """The forecast that holds now; None before the first."""
    return next(iter(past(conn, site, sku, 1)), None)


def past(conn: Connection, site: str, sku: str, limit: int) -> list[Forecast]:
    """The newest `limit` forecasts of an item, newest first."""
    c = forecasts.c
    mine = select(*_COLUMNS).where(c.site == site, c.sku == sku).order_by(c.origin.desc()).limit(limit)
    return [_forecast(row) for row in conn.execute(mine)]


def at_or_before(conn: Connection, site: str, sku: str, origin: date) -> Forecast | None:
    """The newest forecast whose origin is not after a day."""
    c = forecasts.c
    mine = select(*_COLUMNS).where(c.site == site, c.sku == sku, c.origin <= origin)
    row = conn.execute(mine.order_by(c.origin.desc()).limit(1)).first()
    return None if row is None else _forecast(row)


def forget(conn: Connection, before: date) -> int:
    """Let forecasts from origins before a day go; how many."""
    return conn.execute(delete(forecasts).where(forecasts.c.origin < before)).rowcount


_COLUMNS = [column for column in forecasts.c if column.name not in ("site", "made_at")]


def _row(each: Forecast) -> dict[str, Any]:
    fields = {name: getattr(each, name) for name in each.__struct_fields__}
    return fields | {"levels": list(each.levels), "stretches": to_builtins(each.stretches)}


def _forecast(row: Row[*tuple[Any, ...]]) -> Forecast:
    return convert({f"{name}": value for name, value in row._mapping.items()}, Forecast)
