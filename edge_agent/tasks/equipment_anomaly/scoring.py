"""One row of good values → how far each channel is beyond its limit, by which rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from edge_agent.tasks.equipment_anomaly import detectors
from edge_agent.tasks.equipment_anomaly.limits import ChannelLimits, engineering_ratio
from edge_agent.tasks.equipment_anomaly.state import AssetState

Rule = Literal["level", "joint", "drift", "engineering_limit"]


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


NOTHING = Scores(ratios={}, rule="level", highest=0.0)


def scored(state: AssetState, good: Mapping[str, float], limits: Mapping[str, ChannelLimits], elapsed_s: float) -> Scores:
    """Scores of one row; the memories of the learned channels move on."""
    by_rule: dict[Rule, dict[str, float]] = {"level": {}, "drift": {}, "engineering_limit": {}}
    weight = detectors.smoothing(elapsed_s)
    for name, value in good.items():
        normal, memory = state.normals.get(name), state.memories.get(name)
        by_rule["engineering_limit"][name] = engineering_ratio(limits[name], value, is_learned=normal is not None)
        if normal is not None and memory is not None:
            by_rule["level"][name] = detectors.level(memory, normal, value, weight)
            by_rule["drift"][name] = detectors.drift(memory, normal, value, elapsed_s)
    smooth = {name: state.memories[name].smooth for name in good if name in state.memories}
    joint_ratio, by_rule["joint"] = detectors.together(state.joint, smooth)
    highest = {rule: max(ratios.values(), default=0.0) for rule, ratios in by_rule.items()} | {"joint": joint_ratio}
    rule = max(highest, key=lambda rule: highest[rule])
    return Scores(ratios=_worst_of(by_rule), rule=rule, highest=highest[rule])


def _worst_of(by_rule: Mapping[Rule, Mapping[str, float]]) -> dict[str, float]:
    worst: dict[str, float] = {}
    for of_channels in by_rule.values():
        for name, ratio in of_channels.items():
            worst[name] = max(worst.get(name, 0.0), ratio)
    return worst
