"""Stock: what was counted by hand or another system says, place by place. An adjustment brings the book there."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Connection

from central.floor import stock
from central.imports import columns
from central.imports.columns import Column, Values
from central.imports.findings import Ruling
from central.imports.kind import Change, Kind
from central.imports.kinds import shared
from central.imports.known import Known
from central.store import positions
from central.store.facts import Fact
from central.store.movements import Movement
from central.translations.marking import N_

MOST_UNITS = 1_000_000


@dataclass(frozen=True)
class StockRow:
    """Units of an item at a place."""

    location: str
    sku: str
    units: int


def _build(values: Values, known: Known, ruling: Ruling) -> StockRow | None:
    sku, location = shared.known_sku(values, known, ruling), shared.the_text(values, "location")
    if location not in known.locations:
        ruling.refuse("unknown_location", "location", location)
    shared.refuse_negative(values, ("units",), ruling)
    units = shared.the_whole(values, "units", 0)
    if units > MOST_UNITS:
        ruling.refuse("out_of_measure", "units", units)
    return StockRow(location, sku, units)


def _merged(old: StockRow | None, new: StockRow, ruling: Ruling) -> StockRow:
    if old is not None and old != new:
        ruling.note("stock_differs", "units", old.units)
    return new


def _key(row: StockRow) -> str:
    return f"{row.location}\t{row.sku}"


def _stored(conn: Connection, known: Known, keys: Collection[str]) -> Mapping[str, StockRow]:
    places = [(location, sku) for location, _, sku in (key.partition("\t") for key in keys)]
    found = positions.at(conn, known.site, places)
    return {f"{location}\t{sku}": StockRow(location, sku, there.book) for (location, sku), there in found.items()}


def _write(conn: Connection, known: Known, changes: Sequence[Change[StockRow]], who: str) -> list[Fact]:
    adjustments = [_adjustment(known, change) for change in changes]
    return stock.post_movements(conn, known.site, [each for each in adjustments if each.quantity], who, known.now).facts


def _adjustment(known: Known, change: Change[StockRow]) -> Movement:
    before = 0 if change.old is None else change.old.units
    new = change.new
    name = f"tallyhouse:import:{known.site}:{new.location}:{new.sku}:{known.now.isoformat()}:{before}:{new.units}"
    quantity = new.units - before
    return Movement(str(uuid5(NAMESPACE_URL, name)), "adjustment", new.sku, new.location, quantity, known.now, "import")


KIND: Kind[StockRow] = Kind(
    name="stock",
    title=N_("Stock"),
    about=N_("What lies where now: one row for each item and place."),
    columns=(
        Column(
            "location",
            ("place", "bin", "shelf", "库位", "货位"),
            columns.words,
            N_("The place, as in the house file"),
            "a-01",
            is_required=True,
        ),
        shared.SKU,
        Column(
            "units",
            ("quantity", "qty", "on hand", "数量", "库存"),
            columns.whole,
            N_("Units that lie there"),
            18,
            is_required=True,
        ),
    ),
    build=_build,
    key=_key,
    stored=_stored,
    write=_write,
    merged=_merged,
)
