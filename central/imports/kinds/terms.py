"""Supplier terms: what each supplier asks for each item, and in which quantities."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import cast

from sqlalchemy import Connection

from central.imports import columns
from central.imports.columns import Column, Values
from central.imports.findings import Ruling
from central.imports.kind import Change, Kind
from central.imports.kinds import shared
from central.imports.known import Known
from central.spreadsheets import cells
from central.spreadsheets.cells import Conventions, Unreadable
from central.store import supplier_terms
from central.store.facts import Fact
from central.store.supplier_terms import SupplierTerms
from central.translations.marking import N_


def price_breaks(written: str) -> tuple[tuple[int, float], ...]:
    """'100:1.20; 500:1.05' as ((100, 1.2), (500, 1.05)). Raises ValueError unless more units cost less money each."""
    pairs = [part.split(":") for part in written.replace("：", ":").replace("；", ";").split(";") if part.strip()]
    how = Conventions(decimal="point")
    try:
        found = sorted((cells.whole(units, how), cells.number(price, how)) for units, price in pairs)
    except Unreadable as error:
        raise ValueError(written) from error
    falls = all(more[1] < less[1] and more[0] > less[0] for less, more in pairwise(found))
    if not falls or any(units < 1 or price < 0 for units, price in found):
        raise ValueError(written)
    return tuple(found)


def _build(values: Values, known: Known, ruling: Ruling) -> SupplierTerms | None:
    sku, supplier = shared.known_sku(values, known, ruling), shared.known_supplier(values, known, ruling)
    shared.refuse_negative(values, ("unit_price",), ruling)
    shared.refuse_below_one(
        values, ("min_units", "multiple", "layer_units", "pallet_units", "max_units", "shelf_life_d"), ruling
    )
    if values["lead_time_d"] is not None and shared.the_number(values, "lead_time_d") <= 0:
        ruling.refuse("zero_lead_time", "lead_time_d", values["lead_time_d"])
    currency = shared.currency(values, ruling)
    shared.note_other_currency(sku, currency, known, ruling)
    min_units, most = shared.the_whole(values, "min_units", 1), cast(int | None, values["max_units"])
    if most is not None and most < min_units:
        ruling.refuse("less_than_minimum", "max_units", most)
    return SupplierTerms(
        supplier=supplier,
        sku=sku,
        supplier_sku=shared.the_text(values, "supplier_sku") or None,
        unit_price=shared.the_number(values, "unit_price"),
        currency=currency,
        price_breaks=_breaks(values, ruling),
        min_units=min_units,
        multiple=shared.the_whole(values, "multiple", 1),
        layer_units=cast(int | None, values["layer_units"]),
        pallet_units=cast(int | None, values["pallet_units"]),
        max_units=most,
        lead_time_d=cast(float | None, values["lead_time_d"]),
        shelf_life_d=cast(float | None, values["shelf_life_d"]),
        updated_at=known.now,
    )


def _breaks(values: Values, ruling: Ruling) -> tuple[tuple[int, float], ...]:
    written = shared.the_text(values, "price_breaks")
    try:
        return price_breaks(written)
    except ValueError:
        ruling.refuse("bad_breaks", "price_breaks", written)
        return ()


def _merged(old: SupplierTerms | None, new: SupplierTerms, _ruling: Ruling) -> SupplierTerms:
    """The same terms are not news."""
    return new if old is None or replace(old, updated_at=new.updated_at) != new else old


def _key(terms: SupplierTerms) -> str:
    return f"{terms.supplier}\t{terms.sku}"


def _stored(conn: Connection, _known: Known, keys: Collection[str]) -> Mapping[str, SupplierTerms]:
    skus = sorted({key.partition("\t")[2] for key in keys})
    return {_key(terms): terms for each in supplier_terms.of_items(conn, skus).values() for terms in each}


def _write(conn: Connection, _known: Known, changes: Sequence[Change[SupplierTerms]], _who: str) -> list[Fact]:
    supplier_terms.put(conn, [change.new for change in changes])
    return []


KIND: Kind[SupplierTerms] = Kind(
    name="supplier_terms",
    title=N_("Supplier terms"),
    about=N_("Prices, packs and limits: one row for each item at each supplier that offers it."),
    columns=(
        shared.SUPPLIER,
        shared.SKU,
        Column(
            "supplier_sku", ("their number", "供应商货号"), columns.words, N_("The item's number at the supplier"), "NF-1047"
        ),
        Column("unit_price", ("price", "单价", "采购价"), shared.number, N_("Price of one unit"), 1.10, is_required=True),
        shared.CURRENCY,
        Column(
            "price_breaks", ("breaks", "阶梯价"), columns.words, N_("From so many units, so much each"), "120:1.05; 600:0.98"
        ),
        Column("min_units", ("moq", "minimum", "最小起订量", "起订量"), columns.whole, N_("Fewest units of an order"), 12),
        Column("multiple", ("pack", "order multiple", "订货倍数"), columns.whole, N_("Units must be a multiple of this"), 6),
        Column("layer_units", ("layer", "每层数量"), columns.whole, N_("Units on a layer of a pallet"), 60),
        Column("pallet_units", ("pallet", "每托数量"), columns.whole, N_("Units on a pallet"), 480),
        Column("max_units", ("maximum", "最大订货量"), columns.whole, N_("Most units of an order"), None),
        Column("lead_time_d", ("lead time", "交货期"), shared.number, N_("Days for this item, where they differ"), None),
        Column("shelf_life_d", ("shelf life", "保质期天数"), shared.number, N_("Days it keeps from receipt"), 180),
    ),
    build=_build,
    key=_key,
    stored=_stored,
    write=_write,
    merged=_merged,
)
