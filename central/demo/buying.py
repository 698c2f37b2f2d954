"""Two years of purchase orders for an item (pure, seeded): two or three suppliers, drifting lead times, some short."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from math import ceil, exp

import numpy as np

from central.demo.history import DAYS_A_YEAR, Past
from central.demo.trade import CURRENCY, Traded
from central.store.purchase_orders import OrderLine
from central.store.supplier_terms import SupplierTerms

WEEKS = 104
USUAL_SHARE = 0.75
SHORT_SHARE = 0.03
SKIPPED_SHARE = 0.35
DEARER = (1.0, 1.04, 1.08)


@dataclass(frozen=True)
class Delivery:
    """How long a supplier takes now, how much that varies (days), and how it changes in a year (share)."""

    lead_time_d: float
    sd_d: float
    drift: float


def terms(item: Traded, now: datetime) -> list[SupplierTerms]:
    """What each supplier asks: the usual one least for few, the others less for many."""
    return [_terms(item, supplier, at, now) for at, supplier in enumerate([item.supplier, *item.also])]


def orders(
    item: Traded, sold: Past, deliveries: Mapping[str, Delivery], now: datetime, rng: np.random.Generator
) -> list[OrderLine]:
    """One a fortnight or so, of what was sold since. Of what cameras see all has come: there the live demo orders."""
    buyer = _Buyer(item, deliveries, now, rng)
    lines: list[OrderLine] = []
    owed = 0.0
    for week in range(WEEKS, 0, -1):
        monday = now.date() - timedelta(days=now.weekday() + 7 * week)
        at = (monday - sold.days[0]).days
        owed += float(sold.sold[max(at - 7, 0) : max(at, 0)].sum())
        if owed < item.pack_size or rng.random() < SKIPPED_SHARE:
            continue
        line = buyer.line(owed, datetime.combine(monday, time(9), UTC))
        owed = max(owed - line.units_ordered, 0.0)
        if line.received_at is not None or not item.is_seen:
            lines.append(line)
    return lines


@dataclass(frozen=True)
class _Buyer:
    item: Traded
    deliveries: Mapping[str, Delivery]
    now: datetime
    rng: np.random.Generator

    def line(self, owed: float, at: datetime) -> OrderLine:
        """An order of what is owed to the shelf."""
        supplier = self._supplier()
        units = ceil(owed / self.item.pack_size) * self.item.pack_size
        promised = at + timedelta(days=self.deliveries[supplier].lead_time_d)
        came = at + timedelta(days=self._lead_time_d(supplier, at))
        is_short = bool(self.rng.random() < SHORT_SHARE)
        is_here = came <= self.now
        return OrderLine(
            order=f"po-{at:%y%m%d}-{self.item.sku}",
            line=1,
            supplier=supplier,
            sku=self.item.sku,
            units_ordered=units,
            units_received=(ceil(units * 0.8) if is_short else units) if is_here else 0,
            ordered_at=at,
            promised_at=promised,
            received_at=came if is_here else None,
            unit_price=self.item.unit_cost,
            currency=CURRENCY,
        )

    def _supplier(self) -> str:
        if not self.item.also or self.rng.random() < USUAL_SHARE:
            return self.item.supplier
        return str(self.rng.choice(list(self.item.also)))

    def _lead_time_d(self, supplier: str, at: datetime) -> float:
        """Log-normal around what it was at the time."""
        delivery = self.deliveries[supplier]
        years_ago = (self.now - at).total_seconds() / 86400 / DAYS_A_YEAR
        then = delivery.lead_time_d * (1 + delivery.drift) ** -years_ago
        return float(then * exp(float(self.rng.normal(0, delivery.sd_d / delivery.lead_time_d))))


def _terms(item: Traded, supplier: str, rank: int, now: datetime) -> SupplierTerms:
    price = round(item.unit_cost * DEARER[rank], 4)
    breaks = ((item.pack_size * 20, round(price * 0.95, 4)), (item.pack_size * 80, round(price * (0.9 - 0.03 * rank), 4)))
    return SupplierTerms(
        supplier=supplier,
        sku=item.sku,
        supplier_sku=f"{supplier[:2].upper()}-{item.sku[:12]}",
        unit_price=price,
        currency=CURRENCY,
        price_breaks=breaks,
        min_units=item.pack_size * (1 + 2 * rank),
        multiple=item.pack_size,
        pallet_units=item.pack_size * 80,
        shelf_life_d=60.0 if item.category == "dairy-free" else None,
        updated_at=now,
    )
