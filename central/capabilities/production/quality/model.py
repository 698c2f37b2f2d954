"""Whether to hold the parts that a line is about to make: the cheaper of letting them pass and of holding them.

Method: expected cost (Elkan 2001, Foundations of cost-sensitive learning). Passing costs the chance of a failed part, times
the parts that fail when some do, times the cost of one that gets through; holding costs its hours and what it misses all the
same. The chance is calibrated and comes with an interval (`knowledge.py`); when what comes in no longer looks like what was
learned from, that is said, and far outside it nothing is claimed. Weak where cameras see little: a part that nobody looked
at counts as good.
"""

from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, Field

from central.deciding import outcome
from central.deciding.outcome import Interval, Money, Outcome, Reason
from central.methods.drift import CHANGED

MOST_WORDED = 4
LEAST_PULL = 0.05
SHARE = 0.9


class PhysicalFeature(BaseModel, frozen=True, extra="forbid"):
    """A feature made of two others: left minus, times or over right; their names are those that reasons show."""

    name: str = Field(min_length=1, max_length=100)
    kind: Literal["difference", "product", "ratio"]
    left: str = Field(max_length=120)
    right: str = Field(max_length=120)


class Params(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """What a bad part costs, what holding costs, and from how much history to learn."""

    bad_part_cost: float = Field(default=60.0, ge=0, le=1e9, description="Cost of one bad part that gets through.")
    holding_cost_per_h: float = Field(default=90.0, ge=0, le=1e9, description="Cost of holding an hour's parts and looking.")
    found_by_holding: float = Field(default=0.9, gt=0, le=1, description="Share of the bad parts that a hold finds.")
    currency: str = Field(default="EUR", pattern=r"^[A-Z]{3}$", description="Currency of both costs.")
    history_d: int = Field(default=28, ge=2, le=30, description="Days of hours to learn from.")
    least_hours: int = Field(
        default=15, ge=5, le=1000, description="Hours with and without failed parts below which nothing is claimed."
    )
    stale_min: float = Field(default=90.0, gt=0, le=1440, description="Minutes after which the latest readings are too old.")
    most_outside: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="Share of features beyond all that was learned from at which nothing is claimed.",
    )
    physical: tuple[PhysicalFeature, ...] = Field(
        default=(), max_length=50, description="Features made of two others: a difference, a product or a ratio."
    )


class Feature(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """One feature's say: `pull` in log odds, positive towards failing; `drift` its stability index of two days."""

    name: str = Field(max_length=200)
    value: float | None
    usual: float
    pull: float = Field(ge=-1000, le=1000)
    drift: float = Field(ge=0, le=1000)
    is_outside: bool


class Fitted(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """The model that was asked, and what it was learned from."""

    version: int = Field(ge=1)
    data_sha256: str = Field(max_length=64)
    fitted_at: datetime
    hours: int = Field(ge=1, le=10**6)
    failing_hours: int = Field(ge=1, le=10**6)
    parts_when_failing: float = Field(ge=1, le=10**6)


class Risk(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """The chance of a failed part in the next hour, with its interval, and the features by weight."""

    probability: float = Field(ge=0, le=1)
    low: float = Field(ge=0, le=1)
    high: float = Field(ge=0, le=1)
    features: tuple[Feature, ...]


class Inputs(outcome.Inputs, frozen=True):
    """One line at one moment. known_hours, failing_hours: labelled history by now; read_at: of the latest readings."""

    line: str
    known_hours: int = Field(ge=0, le=10**6)
    failing_hours: int = Field(ge=0, le=10**6)
    read_at: datetime | None
    fitted: Fitted | None
    risk: Risk | None


class Hold(outcome.Proposal, frozen=True):
    """Hold the parts that the line makes in the next `hours` and look at each before it goes on."""

    line: str
    hours: int = Field(ge=1, le=24)


def decide(inputs: Inputs, params: Params) -> Outcome[Hold]:
    """A hold, nothing while parts may pass, or what is missing to tell."""
    missing = _missing(inputs, params)
    if missing or inputs.risk is None or inputs.fitted is None:
        return Outcome.undecided(*missing)
    limit = hold_from(params, inputs.fitted.parts_when_failing)
    risk, why = inputs.risk, _why(inputs.risk, inputs.fitted)
    chance = round(risk.probability, 4)
    if limit is None:
        return Outcome.nothing(Reason("holding_never_pays", chance=chance), *why)
    if risk.probability < limit:
        may_pass = Reason("parts_may_pass", chance=chance, limit=limit)
        return Outcome.nothing(may_pass, *why, would_change=(Reason("hold_from", limit=limit),))
    saved = _saved(risk.probability, params, inputs.fitted.parts_when_failing)
    return Outcome.propose(
        Hold(line=inputs.line, hours=1),
        Reason("likely_to_fail", chance=chance, limit=limit),
        *why,
        Reason("worth_holding", saved=round(saved, 2), holding=params.holding_cost_per_h, currency=params.currency),
        would_change=(Reason("release_below", limit=limit),),
        effect=Money(params.holding_cost_per_h, params.currency),
        confidence=chance,
        interval=Interval("chance", risk.low, risk.high, SHARE),
        approve_by=inputs.as_of + timedelta(hours=1),
    )


def hold_from(params: Params, parts_when_failing: float) -> float | None:
    """The chance of a failed part from which on holding an hour is the cheaper; None when it never is."""
    at_stake = params.bad_part_cost * parts_when_failing * params.found_by_holding
    if at_stake <= params.holding_cost_per_h:
        return None
    return round(params.holding_cost_per_h / at_stake, 4)


def _saved(chance: float, params: Params, parts_when_failing: float) -> float:
    return chance * params.bad_part_cost * parts_when_failing * params.found_by_holding - params.holding_cost_per_h


def _missing(inputs: Inputs, params: Params) -> list[Reason]:
    passing = inputs.known_hours - inputs.failing_hours
    too_few = min(inputs.failing_hours, passing) < params.least_hours
    if inputs.fitted is None:
        history = {"known": inputs.known_hours, "failing": inputs.failing_hours, "least": params.least_hours}
        return [Reason("not_enough_history", **history) if too_few else Reason("not_learned_yet", **history)]
    stale = timedelta(minutes=params.stale_min)
    if inputs.risk is None or inputs.read_at is None or abs(inputs.as_of - inputs.read_at) > stale:
        return [Reason("no_fresh_readings", minutes=params.stale_min)]
    outside = _share_outside(inputs.risk)
    return [Reason("unlike_anything_learned", outside=outside)] if outside >= params.most_outside else []


def _share_outside(risk: Risk) -> float:
    return round(sum(one.is_outside for one in risk.features) / len(risk.features), 3) if risk.features else 1.0


def _why(risk: Risk, fitted: Fitted) -> list[Reason]:
    heavy = [one for one in risk.features if abs(one.pull) >= LEAST_PULL][:MOST_WORDED]
    drifted = [one for one in risk.features if one.drift > CHANGED]
    reasons = [_feature(one) for one in heavy]
    if drifted:
        worst = max(drifted, key=lambda one: one.drift)
        counted = {"features": len(drifted), "of": len(risk.features)}
        reasons.append(Reason("drifted", feature=worst.name, index=round(worst.drift, 2), **counted))
    learned = {"known": fitted.hours, "failing": fitted.failing_hours, "parts": round(fitted.parts_when_failing, 1)}
    return [*reasons, Reason("learned_from", **learned)]


def _feature(one: Feature) -> Reason:
    code = "raises_risk" if one.pull > 0 else "lowers_risk"
    if one.value is None:
        return Reason(f"{code}_by_silence", feature=one.name, usual=_short(one.usual), pull=round(one.pull, 2))
    return Reason(code, feature=one.name, value=_short(one.value), usual=_short(one.usual), pull=round(one.pull, 2))


def _short(value: float) -> float:
    return float(f"{value:.4g}")
