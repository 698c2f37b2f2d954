"""What trade.toml says of the company: who sells to it, what it sells, and how each item behaves."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from central.store.catalogue import Item, Supplier

CURRENCY = "EUR"


@dataclass(frozen=True, kw_only=True)
class TradedSupplier:
    """A supplier, its rules, and the share by which its lead times change in a year."""

    id: str
    label: dict[str, str]
    lead_time_d: float
    lead_time_sd_d: float
    email: str
    min_order_value: float = 0.0
    order_weekdays: Sequence[int] = ()
    freight_per_order: float = 0.0
    transport: str = "road"
    drift: float = 0.0

    def record(self) -> Supplier:
        """As the catalogue has it."""
        return Supplier(self.id, self.label, self.lead_time_d, self.lead_time_sd_d, self.email)


@dataclass(frozen=True, kw_only=True)
class Traded:
    """An item and how it sells. `also`: further suppliers; `is_seen`: it stands on a shelf that a camera watches."""

    sku: str
    label: dict[str, str]
    supplier: str
    also: Sequence[str]
    pack_size: int
    unit_cost: float
    price: float
    category: str
    brand: str
    daily: float
    pattern: str = "steady"
    peak_day: int = 350
    season: float = 0.1
    is_seen: bool = False

    def record(self) -> Item:
        """As the catalogue has it."""
        return Item(self.sku, self.label, self.supplier, self.pack_size, self.unit_cost, CURRENCY)


@dataclass(frozen=True)
class Trade:
    """All of it: suppliers that the house file lacks, and every item."""

    suppliers: tuple[TradedSupplier, ...]
    items: tuple[Traded, ...]


def read(path: Path, known: Sequence[Item], daily: Mapping[str, float]) -> Trade:
    """The trade of a company whose house has these items, selling so many a day of what cameras see."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    by_sku = {item.sku: item for item in known}
    seen = (_seen(by_sku[row["sku"]], row, daily[row["sku"]]) for row in raw["seen"])
    return Trade(tuple(TradedSupplier(**row) for row in raw["suppliers"]), (*seen, *(Traded(**row) for row in raw["items"])))


def _seen(item: Item, row: dict[str, Any], daily: float) -> Traded:
    return Traded(
        **row,
        label=item.label,
        supplier=item.supplier,
        pack_size=item.pack_size,
        unit_cost=item.unit_cost,
        daily=daily,
        is_seen=True,
    )
