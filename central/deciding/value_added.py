"""Whether people's changes, and the model, were worth it: naive rule v model v what was done, against what came. Pure.

After Fildes and Goodwin's forecast value added: each step is judged by the loss it saves beside the step before it. A change
that loses in each of the last three periods in which anything was changed is flagged.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

LOSING_PERIODS = 3


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One number: what the naive rule, the model and at last people said, and what came. `final` is None where untouched."""

    subject: str
    at: datetime
    naive: float
    model: float
    final: float | None
    actual: float
    over_cost: float = 1.0
    under_cost: float = 1.0
    currency: str | None = None
    reason: str | None = None

    def loss(self, said: float) -> float:
        """What a number costs, by how far and on which side it missed."""
        return self.over_cost * max(said - self.actual, 0.0) + self.under_cost * max(self.actual - said, 0.0)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A subject in a month (UTC), or all of it. Losses are sums; `changed_*` are over the changed numbers alone."""

    subject: str | None
    period: str | None
    numbers: int
    changed: int
    naive_loss: float
    model_loss: float
    final_loss: float
    changed_model_loss: float
    changed_final_loss: float
    helped: int  # changes that came closer than the model

    @property
    def model_added(self) -> float:
        """Loss that the model saves beside the naive rule."""
        return self.naive_loss - self.model_loss

    @property
    def people_added(self) -> float:
        """Loss that the changes save beside the model; below zero: they cost."""
        return self.changed_model_loss - self.changed_final_loss


@dataclass(frozen=True)
class Report:
    """Whole, by subject, by subject and month; `flagged`: subjects whose changes lost three periods running."""

    whole: Row
    subjects: Sequence[Row]
    periods: Sequence[Row]
    flagged: frozenset[str]
    currency: str | None


def report(numbers: Iterable[Compared]) -> Report:
    """The table. Numbers of several currencies are not added up: the currency is then None."""
    every = list(numbers)
    by_subject: dict[str, list[Compared]] = defaultdict(list)
    by_period: dict[tuple[str, str], list[Compared]] = defaultdict(list)
    for each in every:
        by_subject[each.subject].append(each)
        by_period[each.subject, period_of(each.at)].append(each)
    periods = [_row(found, subject, period) for (subject, period), found in sorted(by_period.items())]
    currencies = {each.currency for each in every}
    return Report(
        _row(every, None, None),
        [_row(found, subject, None) for subject, found in sorted(by_subject.items())],
        periods,
        frozenset(subject for subject in by_subject if _is_losing([row for row in periods if row.subject == subject])),
        currencies.pop() if len(currencies) == 1 else None,
    )


def period_of(at: datetime) -> str:
    """The month."""
    return f"{at:%Y-%m}"


def _is_losing(periods: Sequence[Row]) -> bool:
    touched = [row for row in periods if row.changed][-LOSING_PERIODS:]
    return len(touched) == LOSING_PERIODS and all(row.people_added < 0 for row in touched)


def _row(found: Sequence[Compared], subject: str | None, period: str | None) -> Row:
    changed = [(each, each.final) for each in found if each.final is not None]
    return Row(
        subject=subject,
        period=period,
        numbers=len(found),
        changed=len(changed),
        naive_loss=sum(each.loss(each.naive) for each in found),
        model_loss=sum(each.loss(each.model) for each in found),
        final_loss=sum(each.loss(each.model if each.final is None else each.final) for each in found),
        changed_model_loss=sum(each.loss(each.model) for each, _final in changed),
        changed_final_loss=sum(each.loss(final) for each, final in changed),
        helped=sum(each.loss(final) < each.loss(each.model) for each, final in changed),
    )
