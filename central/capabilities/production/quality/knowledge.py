"""What is learned of a line: a risk model, how each of its features lay, and how many parts fail when some do. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from msgspec import Struct
from msgspec.json import decode, encode
from numpy.typing import NDArray

from central.capabilities.production.quality import hours
from central.capabilities.production.quality.hours import Table
from central.methods import attribution, calibration, classify, drift
from central.methods.drift import Distribution
from central.methods.risk_model import RiskModel, written
from central.methods.tabular import Physical, with_physical

Floats = NDArray[np.float64]

SEED = 1
SETTINGS = classify.Settings(rounds=60, seeds=1, trees=60)
NEIGHBOURS = 80
SHARE = 0.9
RECENT_HOURS = 48


class Knowledge(Struct, frozen=True, kw_only=True):
    """`names` and `physical` make the table that the model was fitted on; `lay` one distribution for each kept column."""

    names: list[str]
    physical: list[Physical]
    model: RiskModel
    lay: list[Distribution]
    hours: int
    failing_hours: int
    parts_when_failing: float


@dataclass(frozen=True)
class Part:
    """One feature's say. value, usual: in the channel's unit; pull: log odds, positive towards failing; drift: its index."""

    name: str
    value: float | None
    usual: float
    pull: float
    drift: float
    is_outside: bool


@dataclass(frozen=True)
class Judgement:
    """The chance that a part fails in the next hour, where it lies with probability `SHARE`, and what speaks for it."""

    probability: float
    low: float
    high: float
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class History:
    """A line's labelled hours; `fit` learns from them when there are enough of both kinds."""

    whole: Table
    physical: tuple[Physical, ...]
    least: int

    def sha256(self) -> str:
        """Of everything that is learned from."""
        whole = self.whole
        known = encode((whole.names, self.physical, self.least, [hour.isoformat() for hour in whole.hours]))
        return sha256(known + whole.values.tobytes() + whole.failed.tobytes() + whole.running.tobytes()).hexdigest()

    def counts(self) -> tuple[int, int]:
        """Hours with a known outcome, and how many of them were followed by a failed part."""
        rows, failed = hours.followed(self.whole)
        return len(rows), int((failed > 0).sum())

    def fit(self) -> str | None:
        """Knowledge as JSON; None with fewer than `least` hours of either kind."""
        known, failing = self.counts()
        if min(failing, known - failing) < self.least:
            return None
        rows, failed = hours.followed(self.whole)
        values, _ = _with_physical(self.whole.values[rows], self.whole.names, self.physical)
        failing_rows = (failed > 0).astype(np.intp)
        blend = classify.fit(values, failing_rows, SEED, group=_days(self.whole, rows), settings=SETTINGS)
        model = written(blend, failing_rows)
        return encode(
            Knowledge(
                names=list(self.whole.names),
                physical=list(self.physical),
                model=model,
                lay=[drift.distribution(values[:, column]) for column in model.kept],
                hours=known,
                failing_hours=failing,
                parts_when_failing=float(failed[failed > 0].mean()),
            )
        ).decode()


def read(body: str) -> Knowledge:
    """What `History.fit` wrote. Raises msgspec.MsgspecError when it is something else."""
    return decode(body, type=Knowledge)


def judged(known: Knowledge, now: Table, recent: Table) -> Judgement | None:
    """Of the hour that is the last row of `now`, with drift over the rows of `recent`; None without a row."""
    if not now.hours:
        return None
    model = known.model
    row = _kept(known, now)[-1]
    usual = np.array(model.usual)
    probability = float(model.of_kept(row[None, :])[0])
    pulls = attribution.contributions(model.of_kept, row, usual)
    fate = np.array(model.failed, dtype=np.intp)
    low, high = calibration.interval_among_alike(probability, np.array(model.known), fate, NEIGHBOURS, SHARE)
    lately = _kept(known, recent)
    names = _with_physical(np.empty((0, len(known.names))), known.names, known.physical)[1]
    parts = [
        Part(
            name=names[column],
            value=None if np.isnan(row[place]) else float(row[place]),
            usual=float(usual[place]),
            pull=float(pulls[place]),
            drift=drift.stability_index(known.lay[place], lately[:, place]),
            is_outside=bool(drift.is_outside(known.lay[place], row[place])) and not np.isnan(row[place]),
        )
        for place, column in enumerate(model.kept)
    ]
    return Judgement(probability, low, high, tuple(sorted(parts, key=lambda part: -abs(part.pull))))


def _kept(known: Knowledge, whole: Table) -> Floats:
    values, _ = _with_physical(hours.aligned(whole, known.names), known.names, known.physical)
    return values[:, known.model.kept]


def _with_physical(values: Floats, names: Sequence[str], wanted: Sequence[Physical]) -> tuple[Floats, list[str]]:
    """With the physical features whose two sides the line has."""
    return with_physical(values, names, [one for one in wanted if one.left in names and one.right in names])


def _days(whole: Table, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Hours of one day are alike: they are set aside together."""
    return np.array([whole.hours[row].toordinal() for row in rows], dtype=np.intp)
