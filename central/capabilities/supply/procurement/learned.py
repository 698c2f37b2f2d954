"""Lead times of a supplier as its deliveries were, leaning on others of its mode of transport. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np

from central.capabilities.supply.procurement.facts import LEAST_DELIVERIES, LeadTime
from central.methods.lead_time.deliveries import Deliveries, Settings
from central.store.purchase_orders import OrderLine

MOST_D = 3650.0
SHARE = 0.9
DAY_S = 86400


def lead_time(lines: Sequence[OrderLine], modes: Mapping[str, str], supplier: str, now: datetime) -> LeadTime:
    """From lines of all suppliers, come or not; modes: supplier to transport. Too few of its own are only counted."""
    came = [line for line in lines if line.received_at is not None and line.received_at < now]
    own = sum(line.supplier == supplier for line in came)
    if own < LEAST_DELIVERIES:
        return LeadTime(deliveries=own)
    deliveries = Deliveries(
        vendor=np.array([line.supplier for line in came]),
        mode=np.array([modes.get(line.supplier, "") for line in came]),
        ordered=np.array([_day(line.ordered_at) for line in came]),
        received=np.array([_day(line.received_at) for line in came if line.received_at is not None]),
    )
    told = deliveries.told(supplier, modes.get(supplier, ""), _day(now), Settings())
    within_d, mean_d = min(told.quantile(SHARE), MOST_D), min(told.mean, MOST_D)
    return LeadTime(deliveries=own, mean_d=round(mean_d, 1), within_d=round(within_d, 1))


def _day(moment: datetime) -> float:
    return moment.timestamp() / DAY_S
