"""What each role may do: one table, asked by the console and by whatever else lets people act."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Action = Literal[
    "see",
    "alarm.acknowledge",  # and reset, and comment
    "alarm.shelve",
    "autopilot.set",
    "autopilot.stop",  # and release
    "alarm.take_out",  # of service, for maintenance
    "count.mark_wrong",
    "data.import",
    "decision.review",
    "device.admit",
    "device.command",
    "device.configure",
    "model.release",
    "rules.change",  # params, and who decides: champion or challenger
]
Role = Literal["viewer", "floor", "planner", "admin"]

_SEE: frozenset[Action] = frozenset({"see"})
_FLOOR: frozenset[Action] = _SEE | {"alarm.acknowledge", "alarm.shelve", "count.mark_wrong"}
_PLANNER: frozenset[Action] = _FLOOR | {"alarm.take_out", "autopilot.stop", "data.import", "decision.review", "rules.change"}
_ADMIN: frozenset[Action] = _PLANNER | {
    "autopilot.set",
    "device.admit",
    "device.command",
    "device.configure",
    "model.release",
}
PERMISSIONS: Mapping[str, frozenset[Action]] = MappingProxyType(
    {"viewer": _SEE, "floor": _FLOOR, "planner": _PLANNER, "admin": _ADMIN}
)


def may(role: str, action: Action) -> bool:
    """Whether `role` may do `action`; an unknown role may nothing."""
    return action in PERMISSIONS.get(role, frozenset())


def roles_that_may(action: Action) -> tuple[str, ...]:
    """Who to ask, when one may not oneself."""
    return tuple(role for role, actions in PERMISSIONS.items() if action in actions)
