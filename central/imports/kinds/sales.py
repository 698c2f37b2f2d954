"""Sales and returns: lines of orders, or units a day. What customers brought back is kept apart from what they wanted."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import cast

from sqlalchemy import Connection

from central.imports import columns
from central.imports.columns import Column, Values
from central.imports.findings import Finding, Ruling
from central.imports.kind import Change, Kind, no_overview
from central.imports.kinds import shared
from central.imports.known import Known
from central.store import demand, returns, sale_lines
from central.store.facts import Fact
from central.store.sale_lines import SaleLine
from central.translations.marking import N_

GAP_D = 14
DEAD_D = 182
NEW_D = 56
MOST_NAMED = 8
Days = dict[tuple[str, date], float]


class SalesOverview:
    """Gaps in the days of a file, items that never sell, that stopped, that are new."""

    def __init__(self, known: Known) -> None:
        self._catalogue = frozenset(known.items)
        self._days: set[date] = set()
        self._first: dict[str, date] = {}
        self._last: dict[str, date] = {}

    def see(self, record: SaleLine) -> None:
        """One more line."""
        self._days.add(record.day)
        self._first[record.sku] = min(self._first.get(record.sku, record.day), record.day)
        self._last[record.sku] = max(self._last.get(record.sku, record.day), record.day)

    def findings(self) -> Sequence[Finding]:
        """What there is to say of all days and all items together."""
        days = sorted(self._days)
        if not days:
            return ()
        gaps = [(one, other) for one, other in pairwise(days) if (other - one).days > GAP_D]
        named = {
            "never_sold": self._catalogue - self._first.keys(),
            "no_longer_sold": {sku for sku, last in self._last.items() if (days[-1] - last).days > DEAD_D},
            "new_items": {sku for sku, first in self._first.items() if (days[-1] - first).days < NEW_D < _span(days)},
        }
        return (
            *(Finding("no_sales_between", "day", f"{one + timedelta(1)} – {other - timedelta(1)}") for one, other in gaps),
            *(Finding(code, "sku", _named(skus)) for code, skus in named.items() if skus),
        )


def _span(days: Sequence[date]) -> int:
    return (days[-1] - days[0]).days


def _named(skus: Iterable[str]) -> str:
    found = sorted(skus)
    more = f", … ({len(found)})" if len(found) > MOST_NAMED else ""
    return ", ".join(found[:MOST_NAMED]) + more


def _build_sale(values: Values, known: Known, ruling: Ruling) -> SaleLine | None:
    line = _line("", values, known, ruling)
    if line.units < 0:
        ruling.note("taken_as_return", "units", line.units)
    elif line.units == 0:
        ruling.note("zero_units", "units")
    return line


def _build_return(values: Values, known: Known, ruling: Ruling) -> SaleLine | None:
    line = _line("return:", values, known, ruling)
    return replace(line, units=-abs(line.units))


def _line(prefix: str, values: Values, known: Known, ruling: Ruling) -> SaleLine:
    sku, day, units = shared.known_sku(values, known, ruling), cast(date, values["day"]), cast(float, values["units"])
    if day > known.now.date():
        ruling.refuse("in_the_future", "day", day)
    if not float(units).is_integer():
        ruling.note("part_of_a_unit", "units", units)
    order, number = shared.the_text(values, "order"), shared.the_text(values, "line")
    reference = f"order:{order}#{number or sku}" if order else f"day:{day}#{sku}"
    return SaleLine(prefix + reference, sku, day, float(units))


def _stored(conn: Connection, known: Known, keys: Collection[str]) -> Mapping[str, SaleLine]:
    return sale_lines.known(conn, known.site, keys)


def _write(conn: Connection, known: Known, changes: Sequence[Change[SaleLine]], _who: str) -> list[Fact]:
    """A corrected line takes back what it said before."""
    sold: Days = defaultdict(float)
    back: Days = defaultdict(float)
    for change in changes:
        for line, sign in ((change.new, 1), (change.old, -1)):
            if line is not None:
                days, units = (back, -line.units) if line.units < 0 else (sold, line.units)
                days[line.sku, line.day] += sign * units
    demand.add(conn, known.site, sold)
    returns.add(conn, known.site, back)
    sale_lines.put(conn, known.site, [change.new for change in changes])
    return []


_COLUMNS = (
    Column(
        "day",
        ("date", "sold on", "invoice date", "日期", "销售日期"),
        shared.day,
        N_("The day, as 2026-11-24"),
        "2026-11-24",
        is_required=True,
    ),
    shared.SKU,
    Column(
        "units",
        ("quantity", "qty", "sold", "数量", "销量"),
        shared.number,
        N_("Units; negative where brought back"),
        3,
        is_required=True,
    ),
    Column(
        "order",
        ("order number", "receipt", "invoice", "订单号", "小票号"),
        columns.words,
        N_("The order or receipt; without it a row is the whole day"),
        "R-20417",
    ),
    Column("line", ("line number", "position", "行号"), columns.words, N_("The line of the order"), 1),
)
SALES: Kind[SaleLine] = Kind(
    name="sales",
    title=N_("Sales"),
    about=N_(
        "What was sold: one row a line of an order, or one row for each item and day. Not what the tills send already."
    ),
    columns=_COLUMNS,
    build=_build_sale,
    key=lambda record: record.reference,
    stored=_stored,
    write=_write,
    overview=SalesOverview,
)
RETURNS: Kind[SaleLine] = replace(
    SALES,
    name="returns",
    title=N_("Returns"),
    about=N_("What customers brought back: one row a line, or one row for each item and day."),
    build=_build_return,
    overview=no_overview,
)
