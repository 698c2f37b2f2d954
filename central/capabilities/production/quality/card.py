"""Quality ahead: woken by each part that a camera did not pass and by each changed machine, looked at thrice an hour."""

from datetime import UTC, datetime, timedelta

from central.capabilities.production.quality.inputs import gather, lessons, lines_at
from central.capabilities.production.quality.model import Feature, Fitted, Hold, Inputs, Params, Risk, decide
from central.deciding.capability import EVERY_SUBJECT, N_, Capability
from central.deciding.outcome import Cause


def example() -> tuple[Inputs, Params]:
    """A press whose oil is hot; parts failed in forty of six hundred hours, and two or three of them at a time."""
    as_of = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
    read_at = as_of - timedelta(minutes=1)
    inputs = Inputs(
        as_of=as_of,
        causes=(
            Cause("model", "belt-1/3", values={"version": 3, "fitted_at": as_of.isoformat(), "data": "9f2c61d0a4be"}),
            Cause("readings", read_at.isoformat(), values={"read_at": read_at.isoformat()}),
            Cause("condition", "press-1", "ear-01", 733, {"machine": "press-1", "condition": "warning"}),
            Cause("defect", "e-1", "eye-01", 1042, {"failed": 1, "doubtful": 2, "seen_at": read_at.isoformat()}),
        ),
        line="belt-1",
        known_hours=612,
        failing_hours=41,
        read_at=read_at,
        fitted=Fitted(version=3, data_sha256="9f2c", fitted_at=as_of, hours=600, failing_hours=40, parts_when_failing=2.6),
        risk=Risk(
            probability=0.81,
            low=0.66,
            high=0.9,
            features=(
                _feature("press-1/oil_temperature mean", 71.4, 54.2, pull=2.31),
                _feature("parts in doubt", 2, 0, pull=0.84),
                _feature("press-1/pressure mean", None, 182.0, pull=-0.21),
                _feature("press-1/current mean", 11.9, 12.0, pull=-0.08, drift=0.31),
            ),
        ),
    )
    return inputs, Params()


def _feature(name: str, value: float | None, usual: float, *, pull: float, drift: float = 0.0) -> Feature:
    return Feature(name=name, value=value, usual=usual, pull=pull, drift=drift, is_outside=False)


CARD = Capability(
    module=__name__,
    title=N_("Quality ahead"),
    subject=N_("Line"),
    subjects=lines_at,
    wakes_on={"defect": "line", "machine_condition": EVERY_SUBJECT},
    schedule="*/20 * * * *",
    settle_s=5.0,
    params=Params,
    proposal=Hold,
    gather=gather,
    decide=decide,
    example=example,
    lessons=lessons,
    summary=N_("Hold the parts of {line} for {hours} h and look at each"),
    adjustable=frozenset({"hours"}),
    reasons={
        "likely_to_fail": N_("{chance} chance of a failed part in the next hour; holding is the cheaper from {limit} on"),
        "parts_may_pass": N_(
            "{chance} chance of a failed part in the next hour; holding is the cheaper only from {limit} on"
        ),
        "holding_never_pays": N_("{chance} chance of a failed part in the next hour; holding costs more than it can save"),
        "raises_risk": N_("{feature}: {value}, usually {usual}, speaks for a failure (weight {pull})"),
        "lowers_risk": N_("{feature}: {value}, usually {usual}, speaks against a failure (weight {pull})"),
        "raises_risk_by_silence": N_("{feature}: no reading, usually {usual}, speaks for a failure (weight {pull})"),
        "lowers_risk_by_silence": N_("{feature}: no reading, usually {usual}, speaks against a failure (weight {pull})"),
        "drifted": N_(
            "{features} of {of} features lie elsewhere than when this was learned, most of all {feature} (index {index})"
        ),
        "learned_from": N_(
            "Learned from {known} hours of this line, {failing} of them followed by failed parts, {parts} on average"
        ),
        "worth_holding": N_("A hold is expected to save {saved} beyond the {holding} that it costs"),
        "hold_from": N_("A chance of {limit} or more: a hold"),
        "release_below": N_("A chance below {limit}: the parts may pass"),
        "not_enough_history": N_(
            "{known} hours with a known outcome, {failing} of them with failed parts; {least} of each kind are needed"
        ),
        "not_learned_yet": N_("{known} hours with a known outcome wait to be learned from; this takes a few hours"),
        "no_fresh_readings": N_("No machine has sent a reading in the last {minutes} minutes"),
        "unlike_anything_learned": N_("{outside} of the features lie beyond all that was learned from"),
    },
    causes={
        "model": N_("Model {version}, learned {fitted_at} from data {data}"),
        "readings": N_("Readings up to {read_at}"),
        "condition": N_("{machine}: {condition}"),
        "defect": N_("Cameras in the last hour: {failed} failed, {doubtful} in doubt, latest {seen_at}"),
    },
    units={
        "line": "text",
        "hours": "number",
        "chance": "percent",
        "limit": "percent",
        "feature": "text",
        "value": "text",
        "usual": "text",
        "pull": "text",
        "features": "number",
        "of": "number",
        "index": "text",
        "known": "number",
        "failing": "number",
        "parts": "number",
        "saved": "money",
        "holding": "money",
        "least": "number",
        "minutes": "number",
        "outside": "percent",
        "version": "number",
        "fitted_at": "instant",
        "data": "text",
        "read_at": "instant",
        "machine": "text",
        "condition": "text",
        "failed": "number",
        "doubtful": "number",
        "seen_at": "instant",
    },
    benchmark="fault_prediction",
    baseline="Gradient boosting as its library sets it, and logistic regression, on the same features and folds",
)
