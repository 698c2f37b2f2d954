"""What procurement is given and proposes: what items of a supplier need, on what terms it sells; one order. Values only."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field

from central.deciding import outcome

MOST_UNITS = 1_000_000_000
MOST_MONEY = 1e9
LEAST_DELIVERIES = 5  # of a supplier's own, for lead times to be learned
Name = Annotated[str, Field(min_length=1, max_length=200)]
Count = Annotated[int, Field(ge=1, le=MOST_UNITS)]
Units = Annotated[float, Field(ge=0, le=MOST_UNITS)]
Price = Annotated[float, Field(ge=0, le=MOST_MONEY)]
Days = Annotated[float, Field(ge=0, le=3650)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Params(BaseModel, frozen=True, extra="forbid"):
    """How items become one order."""

    budget: float = Field(default=0.0, ge=0, le=MOST_MONEY, description="Money for one order, in its currency; 0: no limit.")
    service_level: float = Field(
        default=0.97, gt=0.5, lt=1, description="Chance that an item lasts until the order after this one arrives."
    )
    margin: float = Field(default=0.4, gt=0, le=100, description="What a missing unit loses, as a share of its price.")
    review_d: float = Field(default=7.0, gt=0, le=365, description="Days between two orders to the same supplier.")
    most_cover_d: float = Field(
        default=28.0, gt=0, le=365, description="Days of demand that an order may cover at most, whatever the price break."
    )
    late_cost: float = Field(
        default=0.01, ge=0, le=1, description="What a day of expected delay costs, as a share of the price."
    )


class Need(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """One item that inventory asks for. position: on hand and to come; safety: units kept against chance; decision: its
    proposal; life_d: left at receipt; price_breaks: (from this many units, price)."""

    sku: Name
    decision: str
    wanted: Count
    position: float = Field(ge=-MOST_UNITS, le=MOST_UNITS)
    demand_d: Units
    safety: Units
    lead_time_d: Days
    price: Price
    currency: Currency
    price_breaks: tuple[tuple[Count, Price], ...] = ()
    least: Count = 1
    step: Count = 1
    most: Count | None = None
    life_d: Days | None = None


class Rules(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """What holds for an order as a whole; order_weekdays: 0 is Monday, empty means any day."""

    currency: Currency
    least_value: Price = 0.0
    order_cost: Price = 0.0
    order_weekdays: tuple[Annotated[int, Field(ge=0, le=6)], ...] = ()


class LeadTime(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """What deliveries of a supplier took: mean days, days within which nine of ten came; none while too few were seen."""

    deliveries: Annotated[int, Field(ge=0)]
    mean_d: Days | None = None
    within_d: Days | None = None


class Inputs(outcome.Inputs, frozen=True):
    """What is needed of one supplier at a site; items: all that it sells there; days_late: of deliveries
    after their promise, negative when early; lead_time: learned from them, in place of what is stated."""

    as_of: AwareDatetime
    supplier: Name
    label: dict[str, str]
    rules: Rules
    needs: tuple[Need, ...]
    items: tuple[Name, ...] = ()
    days_late: tuple[Annotated[float, Field(ge=-3650, le=3650)], ...] = ()
    lead_time: LeadTime | None = None


class Line(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """So many units of an item, at a price a unit."""

    sku: Name
    units: Count
    price: Price


class Order(outcome.Proposal, frozen=True):
    """One purchase order."""

    supplier: str
    currency: Currency
    lines: tuple[Line, ...] = Field(min_length=1, max_length=5000)

    @property
    def value(self) -> float:
        """Money."""
        return sum(line.units * line.price for line in self.lines)
