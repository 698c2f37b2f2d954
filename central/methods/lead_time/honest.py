"""Which share to ask of a distribution so that what is promised comes true: from how it did so far. Pure.

Where each delivery of the last while fell in the distribution that was told when it was ordered (its rank) is uniform if the
distribution is right. The share to ask is the conformal quantile of those ranks (Vovk et al. 2005, on ranks as in
Chernozhukov et al. 2021), newer ones counting more, looked at again each month; half the way from the nominal share, since
suppliers drift and a month of deliveries is few.
"""

from dataclasses import dataclass

import numpy as np

from central.methods.lead_time.deliveries import Deliveries, Floats, Settings
from central.methods.lead_time.errors import NothingCame

MONTH_D = 30.0
LOOKS_BACK_D = 365.0
LEAST_RANKS = 30
TRUST = 0.5


@dataclass(frozen=True)
class Ranks:
    """For each delivery that could be judged: the day on which it came and its rank, (n,) each."""

    received: Floats
    rank: Floats

    def share(self, wanted: float, today: float) -> float:
        """The share to ask for, so that `wanted` of the deliveries come in time. As known at the start of the month."""
        month = today - today % MONTH_D
        known = (self.received < month) & (self.received >= month - LOOKS_BACK_D)
        count = int(known.sum())
        if count < LEAST_RANKS:
            return wanted
        reach = min(wanted * (count + 1) / count, 1.0)
        return (1 - TRUST) * wanted + TRUST * float(np.quantile(self.rank[known], reach, method="higher"))


def ranks(deliveries: Deliveries, settings: Settings) -> Ranks:
    """How each delivery fell in what was told of it on the day it was ordered."""
    received, rank = [], []
    for vendor, mode, ordered, came, days in zip(
        deliveries.vendor, deliveries.mode, deliveries.ordered, deliveries.received, deliveries.days, strict=True
    ):
        try:
            told = deliveries.told(str(vendor), str(mode), float(ordered), settings)
        except NothingCame:
            continue
        received.append(float(came))
        rank.append(told.share_within(float(days)))
    return Ranks(np.array(received), np.array(rank))
