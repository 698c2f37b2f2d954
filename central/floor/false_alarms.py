"""How often a machine's alarms were false, by what people found when they looked (pure).

An alarm is false when its work order found nothing wrong. What nobody could tell (`not_found`) counts as false for the
upper end of the interval only, so that a shrug neither hides a false alarm nor invents one. Alarms that nobody looked
into are told beside it: they are not judged.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from central.methods import rates

DAYS_A_MONTH = 30.0


@dataclass(frozen=True)
class FalseAlarms:
    """Over `months` asset-months: alarms raised, work orders by finding, false alarms an asset-month, and where that number
    lies with probability `share`. per_month None: nothing was observed yet."""

    months: float
    raised: int
    true: int
    false: int
    not_found: int
    per_month: float | None
    low: float | None
    high: float | None
    share: float


def estimate(findings: Sequence[str], raised: int, days: float, assets: int = 1, share: float = 0.9) -> FalseAlarms:
    """From what was found (true, false, not_found) within so many days at so many machines."""
    months = max(days, 0.0) / DAYS_A_MONTH * assets
    counted = {name: sum(finding == name for finding in findings) for name in ("true", "false", "not_found")}
    known = rates.rate(counted["false"], months, share)
    worst = rates.rate(counted["false"] + counted["not_found"], months, share)
    return FalseAlarms(
        months=months,
        raised=raised,
        **counted,
        per_month=known.rate if known else None,
        low=known.low if known else None,
        high=worst.high if worst else None,
        share=share,
    )
