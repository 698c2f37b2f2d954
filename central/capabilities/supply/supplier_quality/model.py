"""How closely to look at a supplier's next lots: reduced, normal, tightened, or none accepted until it has answered.

Method: the share of bad parts is a beta-binomial estimate that borrows from the site's other suppliers (`methods.shares`);
the severity follows from the chance that the share lies above the acceptable limit, above the limiting quality, or below
half of the acceptable one; the plan is the smallest that keeps both risks (`methods.acceptance`, after ISO 2859-1, whose
switching by counted lots is replaced by that chance). Weak where cameras see only some of the parts: what nobody looked at
counts neither way.
"""

from typing import Literal

from pydantic import BaseModel, Field, model_validator

from central.deciding import outcome
from central.deciding.outcome import Interval, Outcome, Reason
from central.methods.acceptance import SamplingPlan, sampling_plan
from central.methods.shares import Belief, Looked, belief, chance_of_rise, prior

Severity = Literal["reduced", "normal", "tightened", "refuse"]
LIMITING_RATIO: dict[Severity, float] = {"reduced": 10.0, "normal": 6.0, "tightened": 3.5, "refuse": 3.5}
SHARE = 0.9
MOST = 10**9
MOST_SAID = 10**18  # in a proposal, where the checker says what is too much
RISEN, MOST_LOTS = 0.9, 3


class Params(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """What is acceptable, and how sure to be before looking closer or less."""

    acceptable: float = Field(default=0.01, gt=0, lt=0.1, description="Share of bad parts that is acceptable.")
    limiting_ratio: float = Field(
        default=5.0, ge=2, le=20, description="Times the acceptable share from which on nothing more is accepted."
    )
    sure: float = Field(default=0.9, gt=0.5, lt=1, description="Chance from which on the inspection is changed.")
    history_d: int = Field(default=180, ge=14, le=1095, description="Days of parts to judge by.")
    recent_d: int = Field(default=28, ge=1, le=365, description="Days that count as lately, for the trend.")
    least_parts: int = Field(default=50, ge=1, le=MOST, description="Parts looked at below which nothing is claimed.")
    usual_lot: int = Field(default=200, ge=2, le=10**6, description="Pieces in a lot where deliveries do not say.")


class Lot(BaseModel, frozen=True, extra="forbid"):
    """What cameras found in one lot."""

    lot: str = Field(max_length=64)
    bad: int = Field(ge=0, le=MOST)
    looked_at: int = Field(ge=0, le=MOST)

    @model_validator(mode="after")
    def _no_more_bad_than_seen(self) -> "Lot":
        if self.bad > self.looked_at:
            raise ValueError(f"{self.bad} bad of {self.looked_at}")
        return self


class Inputs(outcome.Inputs, frozen=True):
    """One supplier at one site. earlier, lately: what cameras found before and within the recent days, all lots together,
    None without any; others: the same of each other supplier; lots: by lot, the newest first; lot_units: pieces of a usual
    delivery."""

    supplier: str
    label: dict[str, str]
    earlier: Lot | None
    lately: Lot | None
    lots: tuple[Lot, ...]
    others: tuple[Lot, ...]
    lot_units: int | None = Field(ge=1, le=MOST)
    severity: Severity


class Inspection(outcome.Proposal, frozen=True):
    """Look at `sample` pieces of each lot of `lot_units` and accept it when at most `accept` are bad."""

    supplier: str
    severity: Severity
    lot_units: int = Field(ge=1, le=MOST_SAID)
    sample: int = Field(ge=1, le=MOST_SAID)
    accept: int = Field(ge=0, le=MOST_SAID)


def decide(inputs: Inputs, params: Params) -> Outcome[Inspection]:
    """A change of the inspection, nothing while it stands, or what is missing to tell."""
    seen = _seen(inputs)
    if seen.looked_at < params.least_parts:
        return Outcome.undecided(Reason("too_few_parts", looked_at=seen.looked_at, least=params.least_parts))
    believed = belief(seen, prior([_looked(other) for other in inputs.others], params.acceptable))
    wanted, chance = severity(believed, params)
    why = (_estimate(believed, seen), *_trend(inputs, params), *_worst_lots(inputs))
    if wanted == inputs.severity:
        return Outcome.nothing(_verdict(wanted, chance, params), *why, would_change=_would_change(wanted, params))
    plan = inspection(inputs, params, wanted)
    low, high = believed.interval(SHARE)
    return Outcome.propose(
        plan,
        _verdict(wanted, chance, params),
        *why,
        Reason("plan", sample=plan.sample, lot_units=plan.lot_units, accept=plan.accept),
        would_change=_would_change(wanted, params),
        confidence=round(chance, 4),
        interval=Interval("bad_share", round(low, 6), round(high, 6), SHARE),
    )


def severity(believed: Belief, params: Params) -> tuple[Severity, float]:
    """How closely to look, and the chance that speaks for it."""
    limiting = min(params.acceptable * params.limiting_ratio, 0.5)
    beyond, above = believed.chance_above(limiting), believed.chance_above(params.acceptable)
    below = 1 - believed.chance_above(params.acceptable / 2)
    if beyond >= params.sure:
        return "refuse", beyond
    if above >= params.sure:
        return "tightened", above
    return ("reduced", below) if below >= params.sure else ("normal", max(above, 1 - above))


def inspection(inputs: Inputs, params: Params, wanted: Severity) -> Inspection:
    """The plan of that severity for a usual delivery; a supplier whose lots are refused has every piece looked at."""
    lot = inputs.lot_units or params.usual_lot
    found = SamplingPlan(lot, 0, 0.0, 0.0) if wanted == "refuse" else _plan(lot, params, wanted)
    return Inspection(supplier=inputs.supplier, severity=wanted, lot_units=lot, sample=found.sample, accept=found.accept)


def limiting_quality(params: Params, wanted: Severity) -> float:
    """The share of bad pieces that a plan of this severity must rarely let pass."""
    return min(params.acceptable * LIMITING_RATIO[wanted], 0.9)


def _plan(lot: int, params: Params, wanted: Severity) -> SamplingPlan:
    return sampling_plan(lot, params.acceptable, limiting_quality(params, wanted))


def _seen(inputs: Inputs) -> Looked:
    known = [part for part in (inputs.earlier, inputs.lately) if part is not None]
    return Looked(sum(part.bad for part in known), sum(part.looked_at for part in known))


def _looked(lot: Lot) -> Looked:
    return Looked(lot.bad, lot.looked_at)


def _verdict(wanted: Severity, chance: float, params: Params) -> Reason:
    limits = {
        "reduced": params.acceptable / 2,
        "normal": params.acceptable,
        "tightened": params.acceptable,
        "refuse": params.acceptable * params.limiting_ratio,
    }
    return Reason(wanted, chance=round(chance, 4), limit=round(limits[wanted], 6))


def _estimate(believed: Belief, seen: Looked) -> Reason:
    low, high = believed.interval(SHARE)
    return Reason(
        "bad_share",
        bad_share=round(believed.mean, 6),
        low=round(low, 6),
        high=round(high, 6),
        bad=seen.bad,
        looked_at=seen.looked_at,
    )


def _trend(inputs: Inputs, params: Params) -> tuple[Reason, ...]:
    if inputs.earlier is None or inputs.lately is None:
        return ()
    flat = Belief(0.5, 0.5)
    chance = chance_of_rise(belief(_looked(inputs.earlier), flat), belief(_looked(inputs.lately), flat))
    values = {"days": params.recent_d, "bad": inputs.lately.bad, "looked_at": inputs.lately.looked_at}
    if chance >= RISEN:
        return (Reason("getting_worse", chance=round(chance, 4), **values),)
    return (Reason("getting_better", chance=round(1 - chance, 4), **values),) if chance <= 1 - RISEN else ()


def _worst_lots(inputs: Inputs) -> tuple[Reason, ...]:
    bad = sorted((lot for lot in inputs.lots if lot.bad), key=lambda lot: (-lot.bad / lot.looked_at, lot.lot))
    return tuple(Reason("worst_lot", lot=lot.lot, bad=lot.bad, looked_at=lot.looked_at) for lot in bad[:MOST_LOTS])


def _would_change(wanted: Severity, params: Params) -> tuple[Reason, ...]:
    closer = Reason("closer_if", limit=params.acceptable, chance=params.sure)
    less = Reason("less_if", limit=round(params.acceptable / 2, 6), chance=params.sure)
    return {"reduced": (closer,), "normal": (closer, less), "tightened": (less,), "refuse": (less,)}[wanted]
