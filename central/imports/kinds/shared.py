"""Columns and checks that several kinds have."""

from collections.abc import Mapping
from typing import cast

from central.imports import columns
from central.imports.columns import Column, Values
from central.imports.findings import Ruling
from central.imports.known import Known
from central.spreadsheets import cells
from central.spreadsheets.cells import Conventions
from central.spreadsheets.table import Cell
from central.translations.marking import N_
from protocols.errors import BadIdentifier
from protocols.identity import checked_name, sku_level

SKU = Column(
    "sku",
    ("item", "item number", "article", "product", "stock code", "货号", "商品编号", "商品编码", "SKU编码", "物料号"),
    columns.words,
    N_("The item's number in this house"),
    "oat-milk-1l",
    is_required=True,
)
SUPPLIER = Column(
    "supplier",
    ("vendor", "supplier id", "供应商", "供应商编号"),
    columns.words,
    N_("The supplier's short name: a-z, 0-9 and -"),
    "northfield",
    is_required=True,
)
CURRENCY = Column(
    "currency", ("币种", "货币"), columns.words, N_("Three letters, as in EUR; EUR where nothing is written"), "EUR"
)
DEFAULT_CURRENCY = "EUR"


def day(cell: Cell, how: Conventions) -> object:
    """A day."""
    return cells.day(cell, how)


def number(cell: Cell, how: Conventions) -> float:
    """A number."""
    return cells.number(cell, how)


def moment(cell: Cell, how: Conventions) -> object:
    """A moment, UTC unless it says otherwise."""
    return cells.instant(cell, how)


def the_text(values: Values, name: str) -> str:
    """The text in a column, empty where nothing stands."""
    return cast(str, values[name] or "")


def the_number(values: Values, name: str, otherwise: float = 0.0) -> float:
    """The number in a column; `otherwise` where nothing stands."""
    found = values[name]
    return otherwise if found is None else cast(float, found)


def the_whole(values: Values, name: str, otherwise: int) -> int:
    """The whole number in a column; `otherwise` where nothing stands."""
    found = values[name]
    return otherwise if found is None else cast(int, found)


def known_sku(values: Values, known: Known, ruling: Ruling) -> str:
    """The item of a row, which must be in the catalogue."""
    sku = the_text(values, "sku")
    if sku not in known.items:
        ruling.refuse("unknown_sku", "sku", sku)
    return sku


def known_supplier(values: Values, known: Known, ruling: Ruling) -> str:
    """The supplier of a row, which must be known."""
    supplier = the_text(values, "supplier")
    if supplier not in known.suppliers:
        ruling.refuse("unknown_supplier", "supplier", supplier)
    return supplier


def currency(values: Values, ruling: Ruling) -> str:
    """The currency of a row."""
    written = the_text(values, "currency").upper() or DEFAULT_CURRENCY
    if not (len(written) == 3 and written.isascii() and written.isalpha()):
        ruling.refuse("bad_currency", "currency", written)
    return written


def note_other_currency(sku: str, written: str, known: Known, ruling: Ruling) -> None:
    """Say so when money of a row is in another currency than the item's cost."""
    item = known.items.get(sku)
    if item is not None and item.currency != written:
        ruling.note("other_currency", "currency", written)


def refuse_negative(values: Values, names: tuple[str, ...], ruling: Ruling) -> None:
    """None of these may be below zero."""
    for name in names:
        if the_number(values, name) < 0:
            ruling.refuse("negative", name, values[name])


def refuse_below_one(values: Values, names: tuple[str, ...], ruling: Ruling) -> None:
    """Each of these, where it stands, must be more than zero."""
    for name in names:
        if values[name] is not None and the_number(values, name) <= 0:
            ruling.refuse("not_positive", name, values[name])


def check_sku(sku: str, ruling: Ruling) -> None:
    """Whether it can name an item."""
    try:
        sku_level(sku)
    except BadIdentifier:
        ruling.refuse("bad_sku", "sku", sku)


def check_name(name: str, column: str, ruling: Ruling) -> None:
    """Whether it can name a supplier."""
    try:
        checked_name(name, column)
    except BadIdentifier:
        ruling.refuse("bad_name", column, name)


def label(values: Values, otherwise: str) -> dict[str, str]:
    """What a thing is called in each language that is given; its number where none is."""
    given: Mapping[str, str] = {"en": the_text(values, "name"), "zh_Hans": the_text(values, "name_zh")}
    return {language: words for language, words in given.items() if words} or {"en": otherwise}
