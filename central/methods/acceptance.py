"""How many pieces of a lot to look at, and how many bad ones to bear: single sampling plans by attributes. Pure.

In the manner of ISO 2859-1: the smallest plan that accepts a lot at the acceptable quality limit nearly always (producer's
risk) and one at the limiting quality rarely (consumer's risk), by the exact hypergeometric distribution. The standard's
three severities differ here by the limiting quality alone, not by its tables.
"""

from dataclasses import dataclass
from math import ceil, floor

from scipy.stats import hypergeom

PRODUCER_RISK, CONSUMER_RISK = 0.05, 0.10
MOST_ACCEPTED = 60


@dataclass(frozen=True)
class SamplingPlan:
    """Look at `sample` pieces and accept the lot when at most `accept` of them are bad.

    producer_risk: chance that a lot at the acceptable limit is refused; consumer_risk: that one at the limiting passes.
    """

    sample: int
    accept: int
    producer_risk: float
    consumer_risk: float


def sampling_plan(lot: int, acceptable: float, limiting: float) -> SamplingPlan:
    """The smallest plan for a lot of so many pieces; every piece when no sample can tell.

    acceptable, limiting: shares of bad pieces, 0 < acceptable < limiting < 1. Raises ValueError otherwise.
    """
    if not 0 < acceptable < limiting < 1 or lot < 1:
        raise ValueError(f"a lot of {lot}, acceptable {acceptable}, limiting {limiting}")
    good_lot, bad_lot = floor(acceptable * lot), min(lot, max(ceil(limiting * lot), 1))
    for accept in range(min(MOST_ACCEPTED, lot)):
        sample = _smallest(lot, bad_lot, accept)
        if sample is None:
            break
        producer_risk = 1 - accepted(lot, good_lot, sample, accept)
        if producer_risk <= PRODUCER_RISK:
            return SamplingPlan(sample, accept, producer_risk, accepted(lot, bad_lot, sample, accept))
    return SamplingPlan(lot, good_lot, 0.0, 0.0)


def accepted(lot: int, bad: int, sample: int, accept: int) -> float:
    """The chance that a lot with so many bad pieces is accepted."""
    return float(hypergeom.cdf(accept, lot, bad, sample))


def _smallest(lot: int, bad: int, accept: int) -> int | None:
    """The fewest pieces that let a bad lot pass rarely enough; None when even all but one do not."""
    if accepted(lot, bad, lot - 1, accept) > CONSUMER_RISK:
        return None
    low, high = accept, lot - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if accepted(lot, bad, middle, accept) <= CONSUMER_RISK else (middle, high)
    return high
