"""Items: what is sold, who delivers it, in which packs and at what cost."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import cast

from sqlalchemy import Connection

from central.imports import columns
from central.imports.columns import Column, Values
from central.imports.findings import Finding, Ruling
from central.imports.kind import Change, Kind
from central.imports.kinds import shared
from central.imports.known import Known
from central.store import catalogue, item_traits
from central.store.catalogue import Item
from central.store.facts import Fact
from central.store.item_traits import ItemTraits
from central.translations.marking import N_

COST_JUMP = 1.5


@dataclass(frozen=True)
class CatalogueRow:
    """An item and what is known of it beside."""

    item: Item
    traits: ItemTraits


class _Currencies:
    """Which currencies costs are in."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def see(self, record: CatalogueRow) -> None:
        """One more item."""
        self._seen[record.item.currency] += 1

    def findings(self) -> Sequence[Finding]:
        """More than one is worth a word."""
        if len(self._seen) < 2:
            return ()
        return (Finding("currencies_mixed", "currency", ", ".join(f"{each} {n}" for each, n in self._seen.most_common(5))),)


def _build(values: Values, known: Known, ruling: Ruling) -> CatalogueRow | None:
    sku = shared.the_text(values, "sku")
    shared.check_sku(sku, ruling)
    supplier = shared.known_supplier(values, known, ruling)
    shared.refuse_negative(values, ("unit_cost",), ruling)
    shared.refuse_below_one(values, ("pack_size",), ruling)
    launched, delisted = cast(date | None, values["launched_on"]), cast(date | None, values["delisted_on"])
    if launched and delisted and delisted < launched:
        ruling.refuse("ends_before_it_begins", "delisted_on", delisted)
    item = Item(
        sku=sku,
        label=shared.label(values, sku),
        supplier=supplier,
        pack_size=shared.the_whole(values, "pack_size", 1),
        unit_cost=shared.the_number(values, "unit_cost"),
        currency=shared.currency(values, ruling),
    )
    category, brand = shared.the_text(values, "category") or None, shared.the_text(values, "brand") or None
    return CatalogueRow(
        item, ItemTraits(sku=sku, category=category, brand=brand, launched_on=launched, delisted_on=delisted)
    )


def _merged(old: CatalogueRow | None, new: CatalogueRow, ruling: Ruling) -> CatalogueRow:
    """What a file does not say of an item stays: a name in the other language, its category."""
    if old is None:
        return new
    before, after = old.item, new.item
    if before.pack_size != after.pack_size:
        ruling.note("pack_changed", "pack_size", before.pack_size)
    if before.currency != after.currency:
        ruling.note("currency_changed", "currency", before.currency)
    elif before.unit_cost and not 1 / COST_JUMP <= after.unit_cost / before.unit_cost <= COST_JUMP:
        ruling.note("cost_jumped", "unit_cost", before.unit_cost)
    said, known = new.traits, old.traits
    traits = replace(
        said,
        category=said.category or known.category,
        brand=said.brand or known.brand,
        launched_on=said.launched_on or known.launched_on,
        delisted_on=said.delisted_on or known.delisted_on,
        words=known.words,
    )
    return CatalogueRow(replace(after, label=before.label | after.label), traits)


def _stored(conn: Connection, known: Known, keys: Collection[str]) -> Mapping[str, CatalogueRow]:
    traits = item_traits.every(conn)
    return {sku: CatalogueRow(known.items[sku], traits.get(sku, ItemTraits(sku=sku))) for sku in keys if sku in known.items}


def _write(conn: Connection, _known: Known, changes: Sequence[Change[CatalogueRow]], _who: str) -> list[Fact]:
    catalogue.put(conn, [change.new.item for change in changes])
    item_traits.put(conn, [change.new.traits for change in changes])
    return []


KIND: Kind[CatalogueRow] = Kind(
    name="catalogue",
    title=N_("Catalogue"),
    about=N_("What is sold: one row an item. Suppliers must be known first."),
    columns=(
        shared.SKU,
        Column(
            "name",
            ("description", "label", "名称", "品名", "商品名称"),
            columns.words,
            N_("What people call it"),
            "Oat milk 1 l",
        ),
        Column(
            "name_zh",
            ("chinese name", "中文名", "中文名称"),
            columns.words,
            N_("What it is called in Chinese"),
            "燕麦奶 1升",
        ),
        shared.SUPPLIER,
        Column("pack_size", ("pack", "units per pack", "包装数", "装箱数"), columns.whole, N_("Units in a pack"), 6),
        Column(
            "unit_cost",
            ("cost", "cost price", "进价", "单位成本", "成本"),
            shared.number,
            N_("What one unit costs us"),
            1.15,
            is_required=True,
        ),
        shared.CURRENCY,
        Column("category", ("group", "类别", "品类"), columns.words, N_("What kind of thing it is"), "Drinks"),
        Column("brand", ("品牌",), columns.words, N_("Its brand"), "Northfield"),
        Column("launched_on", ("launched", "上市日期"), shared.day, N_("First day on sale"), "2024-03-01"),
        Column("delisted_on", ("delisted", "下架日期"), shared.day, N_("Last day on sale, if it is over"), None),
    ),
    build=_build,
    key=lambda record: record.item.sku,
    stored=_stored,
    write=_write,
    merged=_merged,
    overview=lambda _known: _Currencies(),
)
