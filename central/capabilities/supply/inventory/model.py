"""When to order an item again, and how many: periodic review with a reorder point and an order-up-to level.

The arithmetic is in `reorder.py`. What is on hand goes by the count where one is fresh, by the book elsewhere, and the
reasons say which. Quantities in units, times in days.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from statistics import NormalDist

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from central.capabilities.supply.inventory import reorder
from central.capabilities.supply.inventory.reorder import Demand, Wait
from central.deciding import outcome
from central.deciding.outcome import Interval, Money, Outcome, Reason

MOST_UNITS = 1_000_000_000
MOST_TO_ORDER = 10**15  # more than the most that is sold a day for the longest lead time
INTERVAL_SHARE = 0.8
LEAST_TIME_TO_APPROVE_D = 1 / 24


class Params(BaseModel, frozen=True, extra="forbid"):
    """How an item is reordered."""

    service_level: float = Field(
        default=0.97, gt=0.5, lt=1, description="Chance of not running out before the next order arrives."
    )
    review_d: float = Field(default=1.0, gt=0, le=90, description="Days between two looks at the same item.")
    cover_d: float = Field(default=7.0, ge=0, le=365, description="Days of demand that an order should last.")
    fresh_for_h: float = Field(default=12.0, gt=0, le=8760, description="Hours after which a count yields to the book.")
    history_d: int = Field(default=56, ge=2, le=1095, description="Trading days of sales to learn the demand from.")
    min_history_d: int = Field(default=14, ge=2, le=365, description="Trading days below which no order is proposed.")
    overdue_d: float = Field(
        default=7.0, ge=0, le=365, description="Days after its lead time at which an order is given up."
    )


class Shelf(BaseModel, frozen=True, extra="forbid"):
    """What the book says and what was counted at one place; `confidence` in 0..1 is the count's."""

    location: str
    book: int = Field(ge=-MOST_UNITS, le=MOST_UNITS)
    counted: int | None = Field(default=None, ge=-MOST_UNITS, le=MOST_UNITS)
    counted_at: AwareDatetime | None = None
    confidence: float | None = Field(default=None, ge=0, le=1)

    def is_fresh(self, as_of: datetime, fresh_for_h: float) -> bool:
        """Whether decisions go by the count rather than by the book. One from as far in the future is by a wrong clock."""
        return self.counted_at is not None and abs(as_of - self.counted_at) <= timedelta(hours=fresh_for_h)


class Supply(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """Who delivers the item, how long that takes, in which packs and at what cost a unit."""

    supplier: str
    label: dict[str, str]
    lead_time_d: float = Field(ge=0, le=3650)
    lead_time_sd_d: float = Field(ge=0, le=3650)
    pack_size: int = Field(ge=1, le=MOST_UNITS)
    unit_cost: float = Field(ge=0, le=1e9)
    currency: str = Field(pattern=r"^[A-Z]{3}$")


class Expected(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """A fresh forecast: demand of `days` days, its mean and quantiles at `levels`; `scale`: what a person made of it."""

    origin: date
    days: int = Field(ge=1, le=3650)
    mean: float = Field(ge=0, le=MOST_UNITS)
    levels: tuple[float, ...] = Field(min_length=1)
    quantiles: tuple[float, ...] = Field(min_length=1)
    scale: float = Field(default=1.0, ge=0, le=1000)

    @model_validator(mode="after")
    def _in_order(self) -> "Expected":
        if len(self.levels) != len(self.quantiles) or list(self.levels) != sorted(set(self.levels)):
            raise ValueError(f"{len(self.levels)} levels, {len(self.quantiles)} quantiles: give one each, in order")
        if not all(0 < level < 1 for level in self.levels) or not all(0 <= each <= MOST_UNITS for each in self.quantiles):
            raise ValueError("levels lie between 0 and 1, quantiles are units")
        return self

    def demand(self, level: float) -> Demand:
        """A day's demand that has the forecast's quantile over its days, read between its levels."""
        above = next((at for at, each in enumerate(self.levels) if each >= level), len(self.levels) - 1)
        below = max(above - 1, 0)
        span = self.levels[above] - self.levels[below]
        part = min(max((level - self.levels[below]) / span, 0.0), 1.0) if span else 0.0
        quantile = self.quantiles[below] + part * (self.quantiles[above] - self.quantiles[below])
        return Demand.of_sum(self.days, self.mean * self.scale, quantile * self.scale, level)


class Inputs(outcome.Inputs, frozen=True):
    """One item at one site. `daily_demand`: units sold on each of the last trading days, oldest first.

    `expected` is what planning goes by where there is one, else the mean of `daily_demand`.
    """

    sku: str
    shelves: tuple[Shelf, ...]
    on_order: int = Field(ge=0, le=1000 * MOST_TO_ORDER)
    daily_demand: tuple[float, ...]
    supply: Supply | None
    expected: Expected | None = None


class Replenishment(outcome.Proposal, frozen=True):
    """Order `packs` of `pack_size` units from a supplier."""

    sku: str
    supplier: str
    units: int = Field(gt=0, le=MOST_TO_ORDER)
    packs: int = Field(gt=0, le=MOST_TO_ORDER)
    pack_size: int = Field(ge=1)

    @model_validator(mode="after")
    def _whole_packs(self) -> "Replenishment":
        if self.units != self.packs * self.pack_size:
            raise ValueError(f"{self.units} units are not {self.packs} packs of {self.pack_size}")
        return self


@dataclass(frozen=True)
class OnHand:
    """Units by the counts that are fresh, by the book elsewhere; `book` is what the book alone would say."""

    units: int
    book: int
    fresh: tuple[Shelf, ...]
    places: int


def on_hand(shelves: Iterable[Shelf], as_of: datetime, fresh_for_h: float) -> OnHand:
    """What is there, by the best evidence for each shelf."""
    places = tuple(shelves)
    fresh = tuple(shelf for shelf in places if shelf.counted is not None and shelf.is_fresh(as_of, fresh_for_h))
    book = sum(shelf.book for shelf in places)
    units = book + sum((shelf.counted or 0) - shelf.book for shelf in fresh)
    return OnHand(units, book, fresh, len(places))


def decide(inputs: Inputs, params: Params) -> Outcome[Replenishment]:
    """An order, nothing while stock suffices, or what is missing to tell."""
    stock = on_hand(inputs.shelves, inputs.as_of, params.fresh_for_h)
    missing = _missing(inputs, params, stock)
    if missing or inputs.supply is None:
        return Outcome.undecided(*missing)
    outlook = _outlook(inputs, inputs.supply, params, stock)
    why = (*_stock(inputs, stock), *_expectation(inputs, inputs.supply, params, outlook))
    if outlook.available < outlook.point:
        return _order(inputs, inputs.supply, params, outlook, why)
    enough = Reason("stock_sufficient", available=outlook.available, point=outlook.point)
    return Outcome.nothing(enough, *why, would_change=(Reason("order_if_below", point=outlook.point),))


@dataclass(frozen=True)
class _Outlook:
    demand: Demand
    wait: Wait
    point: int
    available: int
    confidence: float | None


def _outlook(inputs: Inputs, supply: Supply, params: Params, stock: OnHand) -> _Outlook:
    told = inputs.expected
    demand = told.demand(params.service_level) if told else Demand.of(inputs.daily_demand)
    wait = Wait(supply.lead_time_d, supply.lead_time_sd_d, params.review_d)
    point = reorder.reorder_point(demand, wait, params.service_level)
    confidence = min((shelf.confidence for shelf in stock.fresh if shelf.confidence is not None), default=None)
    return _Outlook(demand, wait, point, stock.units + inputs.on_order, confidence)


def _order(
    inputs: Inputs, supply: Supply, params: Params, outlook: _Outlook, why: tuple[Reason, ...]
) -> Outcome[Replenishment]:
    cover = outlook.demand.mean * params.cover_d
    packs = reorder.packs_to_order(outlook.available, outlook.point, cover, supply.pack_size)
    units = packs * supply.pack_size
    wait_d = max(reorder.days_to_decide(outlook.available, outlook.demand, outlook.wait), LEAST_TIME_TO_APPROVE_D)
    return Outcome.propose(
        Replenishment(sku=inputs.sku, supplier=supply.supplier, units=units, packs=packs, pack_size=supply.pack_size),
        Reason("below_reorder_point", available=outlook.available, point=outlook.point),
        *why,
        Reason("rounded_to_packs", units=units, packs=packs, pack_size=supply.pack_size),
        would_change=(
            Reason("no_order_from", on_hand=outlook.point - inputs.on_order),
            *_if_sooner(supply, params, outlook, packs),
        ),
        effect=Money(round(units * supply.unit_cost, 2), supply.currency),
        confidence=outlook.confidence,
        interval=_interval(outlook),
        approve_by=inputs.as_of + timedelta(days=wait_d),
    )


def _missing(inputs: Inputs, params: Params, stock: OnHand) -> list[Reason]:
    days = len(inputs.daily_demand)
    least = min(params.min_history_d, params.history_d)
    checks = (
        (stock.places == 0, Reason("no_position")),
        (stock.units < 0, Reason("stock_below_zero", on_hand=stock.units)),
        (days < least, Reason("no_demand_history", days=days, least=least)),
        (any(not 0 <= units <= MOST_UNITS for units in inputs.daily_demand), Reason("demand_out_of_range")),
        (inputs.supply is None, Reason("no_lead_time")),
    )
    return [reason for is_missing, reason in checks if is_missing]


def _stock(inputs: Inputs, stock: OnHand) -> list[Reason]:
    basis = "counted" if len(stock.fresh) == stock.places else "partly_counted" if stock.fresh else "by_the_book"
    reasons = [Reason(basis, on_hand=stock.units, fresh=len(stock.fresh), places=stock.places)]
    if stock.fresh and stock.units != stock.book:
        difference = stock.units - stock.book
        reasons.append(Reason("counted_differs_from_book", on_hand=stock.units, book=stock.book, difference=difference))
    if inputs.on_order:
        reasons.append(Reason("on_order", on_order=inputs.on_order))
    return reasons


def _expectation(inputs: Inputs, supply: Supply, params: Params, outlook: _Outlook) -> list[Reason]:
    safety = round(reorder.safety_stock(outlook.demand, outlook.wait, params.service_level), 1)
    return [
        *_demand(inputs, outlook),
        Reason("lead_time", supplier=supply.label, lead_time_d=supply.lead_time_d, lead_time_sd_d=supply.lead_time_sd_d),
        Reason("safety_stock", safety_stock=safety, service_level=params.service_level),
    ]


def _demand(inputs: Inputs, outlook: _Outlook) -> list[Reason]:
    mean, told = round(outlook.demand.mean, 2), inputs.expected
    if told is None:
        return [Reason("demand", demand=mean, days=len(inputs.daily_demand))]
    flat = round(Demand.of(inputs.daily_demand).mean, 2)
    expected = Reason("forecast", demand=mean, forecast_d=told.days, origin=told.origin.isoformat(), flat=flat)
    return [expected] if told.scale == 1 else [expected, Reason("forecast_changed", scale=round(told.scale, 3))]


def _if_sooner(supply: Supply, params: Params, outlook: _Outlook, packs: int) -> list[Reason]:
    """What a lead time shorter by a day, or none at all, would make of an order of `packs`; empty when nothing."""
    sooner = replace(outlook.wait, lead_time_d=max(outlook.wait.lead_time_d - 1, 0.0))
    point = reorder.reorder_point(outlook.demand, sooner, params.service_level)
    then = reorder.packs_to_order(outlook.available, point, outlook.demand.mean * params.cover_d, supply.pack_size)
    if then == packs:
        return []
    if then == 0:
        return [Reason("no_order_at_lead_time", lead_time_d=sooner.lead_time_d)]
    return [Reason("if_lead_time", lead_time_d=sooner.lead_time_d, units=then * supply.pack_size)]


def _interval(outlook: _Outlook) -> Interval:
    mean, either_side = reorder.expected_demand(outlook.demand, outlook.wait), NormalDist().inv_cdf((1 + INTERVAL_SHARE) / 2)
    reach = either_side * reorder.spread(outlook.demand, outlook.wait)
    return Interval("expected_demand", round(max(mean - reach, 0.0), 1), round(mean + reach, 1), INTERVAL_SHARE)
