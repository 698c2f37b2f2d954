"""One row of good values → how far the asset is beyond its limits, by which rule, and each channel's part in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edge_agent.tasks.equipment_anomaly.arrays import Array, Mask
from edge_agent.tasks.equipment_anomaly.limits import ChannelLimits, engineering_ratio
from edge_agent.tasks.equipment_anomaly.watch import Watch
from edge_agent.tasks.equipment_anomaly.watch_state import RULES

Rule = Literal["level", "joint", "residual", "drift", "engineering_limit"]


@dataclass(frozen=True)
class Scores:
    """`ratios`: per channel the highest of all rules, 1 is the limit. `rule` gave the highest of all."""

    ratios: Mapping[str, float]
    rule: Rule
    highest: float

    def contribution(self, channel: str) -> float:
        """The channel's share of the whole, 0 to 1."""
        whole = sum(ratio * ratio for ratio in self.ratios.values())
        return self.ratios.get(channel, 0.0) ** 2 / whole if whole > 0 else 0.0


class Engineering:
    """The engineering limits of an asset's channels, looked at closely only when one of them is reached."""

    def __init__(self, channels: Sequence[str], limits: Mapping[str, ChannelLimits]) -> None:
        self._limits = [limits[name] for name in channels]
        known = [each.engineering for each in self._limits]
        low = [(each.warning_low, each.alarm_low) if each else (None, None) for each in known]
        high = [(each.warning_high, each.alarm_high) if each else (None, None) for each in known]
        self._low = np.array([max((limit for limit in pair if limit is not None), default=-np.inf) for pair in low])
        self._high = np.array([min((limit for limit in pair if limit is not None), default=np.inf) for pair in high])
        self._are_known = bool(np.isfinite(self._low).any() or np.isfinite(self._high).any())

    def ratios(self, values: Array, good: Mask | None, is_learned: Mask) -> Array | None:
        """(p,) how far towards the limits; None when no value has reached one."""
        if not self._are_known:
            return None
        reached = (values <= self._low) | (values >= self._high)
        if good is not None:
            reached = reached & good
        if not reached.any():
            return None
        found = np.zeros(len(values))
        for place in np.flatnonzero(reached):
            found[place] = engineering_ratio(self._limits[place], float(values[place]), bool(is_learned[place]))
        return found


def explained(channels: Sequence[str], watch: Watch | None, engineering: Array | None) -> Scores:
    """The scores of the last row, taken apart."""
    by_rule: dict[Rule, Array] = {}
    highest: dict[Rule, float] = {}
    if watch is not None and watch.is_learned:
        parts = watch.parts()
        for place, name in enumerate(RULES):
            by_rule[name], highest[name] = parts[name], float(watch.ratios[place])
    if engineering is not None:
        by_rule["engineering_limit"], highest["engineering_limit"] = engineering, float(engineering.max())
    if not by_rule:
        return Scores({}, "level", 0.0)
    worst = np.max(list(by_rule.values()), axis=0)
    rule: Rule = max(highest, key=lambda each: highest[each])
    return Scores(dict(zip(channels, worst.tolist(), strict=True)), rule, highest[rule])
