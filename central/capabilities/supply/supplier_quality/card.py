"""Supplier quality: looked at every hour."""

from datetime import UTC, datetime, timedelta

from central.capabilities.supply.supplier_quality.checker import check
from central.capabilities.supply.supplier_quality.inputs import gather, suppliers_at
from central.capabilities.supply.supplier_quality.model import Inputs, Inspection, Lot, Params, decide
from central.deciding.capability import N_, Capability
from central.deciding.outcome import Cause


def example() -> tuple[Inputs, Params]:
    """A supplier of plates: 19 of 900 bad in half a year, most of them in one lot, beside two that do better."""
    as_of = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
    seen_at = as_of - timedelta(hours=2)
    inputs = Inputs(
        as_of=as_of,
        causes=(Cause("defect", "e-1", "eye-01", 1042, {"lot": "2611-b", "seen_at": seen_at.isoformat()}),),
        supplier="lakeside",
        label={"en": "Lakeside", "zh_Hans": "湖畔"},
        earlier=Lot(lot="earlier", bad=9, looked_at=640),
        lately=Lot(lot="lately", bad=10, looked_at=260),
        lots=(Lot(lot="2611-b", bad=8, looked_at=120), Lot(lot="2610-a", bad=4, looked_at=210)),
        others=(Lot(lot="hilltop", bad=5, looked_at=1100), Lot(lot="meadow", bad=2, looked_at=480)),
        lot_units=240,
        severity="normal",
    )
    return inputs, Params()


CARD = Capability(
    module=__name__,
    title=N_("Supplier quality"),
    subject=N_("Supplier"),
    subjects=suppliers_at,
    wakes_on={},  # to find the suppliers, defects are read: not while events land
    schedule="40 * * * *",
    settle_s=60.0,
    params=Params,
    proposal=Inspection,
    gather=gather,
    decide=decide,
    example=example,
    check=check,
    summary=N_("Look at {sample} of each {lot_units} from {supplier} and accept up to {accept} bad"),
    adjustable=frozenset({"sample", "accept", "lot_units"}),
    reasons={
        "reduced": N_("{chance} chance that fewer than {limit} are bad: a smaller sample will do"),
        "normal": N_("Whether more than {limit} are bad cannot be told: the usual sample"),
        "tightened": N_("{chance} chance that more than {limit} are bad: look closer"),
        "refuse": N_("{chance} chance that more than {limit} are bad: look at every piece until the supplier has answered"),
        "bad_share": N_("{bad_share} bad ({low} to {high}): {bad} of {looked_at} that cameras looked at"),
        "getting_worse": N_("Getting worse ({chance} sure): {bad} of {looked_at} bad in the last {days} days"),
        "getting_better": N_("Getting better ({chance} sure): {bad} of {looked_at} bad in the last {days} days"),
        "worst_lot": N_("Lot {lot}: {bad} of {looked_at} bad"),
        "plan": N_("{sample} of {lot_units} pieces tell good lots from bad ones; up to {accept} bad are borne"),
        "closer_if": N_("{chance} sure that more than {limit} are bad: closer"),
        "less_if": N_("{chance} sure that fewer than {limit} are bad: less"),
        "too_few_parts": N_("Cameras looked at {looked_at} of its parts, {least} are needed"),
        "sample_beyond_lot": N_("A sample of {sample} is more than the {lot_units} of the lot"),
        "accepts_anything": N_("{accept} bad of {sample} looked at would accept anything"),
        "bad_lot_passes": N_("A lot with {limit} bad would pass with a chance of {chance}; 10% is the most"),
        "look_at_more": N_("Look at more pieces, at most {lot_units}, or accept fewer bad ones"),
    },
    causes={
        "defect": N_("Latest bad part, lot {lot}, {seen_at}"),
        "looked": N_("Latest part looked at, lot {lot}, {seen_at}"),
    },
    units={
        "chance": "percent",
        "limit": "percent",
        "bad_share": "percent",
        "low": "percent",
        "high": "percent",
        "bad": "number",
        "looked_at": "number",
        "days": "days",
        "lot": "text",
        "sample": "number",
        "lot_units": "number",
        "accept": "number",
        "least": "number",
        "supplier": "text",
        "severity": "text",
        "seen_at": "instant",
    },
    baseline="A fixed sample of ten pieces a lot, none of them bad",
    exempt={"its_benchmark_exists": "no record of lots by supplier is public; the plans are checked against exact chances"},
)
