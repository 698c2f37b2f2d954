"""Every kind of file, in the order in which a new house imports them: what is referred to comes first."""

from central.errors import SpreadsheetError
from central.imports.kind import Kind
from central.imports.kinds import catalogue, networks, orders, sales, stock, suppliers, terms, trade

KINDS: tuple[Kind, ...] = (
    suppliers.KIND,
    catalogue.KIND,
    terms.KIND,
    sales.SALES,
    sales.RETURNS,
    trade.PRICES,
    trade.PROMOTIONS,
    orders.KIND,
    stock.KIND,
    networks.FACILITIES,
    networks.DEMANDS,
    networks.LANES,
)


def kind_named(name: str) -> Kind:
    """The kind of that name. Raises SpreadsheetError."""
    for kind in KINDS:
        if kind.name == name:
            return kind
    raise SpreadsheetError(f"there is no kind of import {name!r}; there are {', '.join(kind.name for kind in KINDS)}")
