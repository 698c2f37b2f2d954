"""What each role may do: one table, asked by the console and by whatever else lets people act."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Action = Literal[
    "see", "decision.review", "count.mark_wrong", "device.admit", "device.configure", "device.command", "model.release"
]

_SEE: frozenset[Action] = frozenset({"see"})
PERMISSIONS: Mapping[str, frozenset[Action]] = MappingProxyType(
    {
        "viewer": _SEE,
        "admin": _SEE
        | {"decision.review", "count.mark_wrong", "device.admit", "device.configure", "device.command", "model.release"},
    }
)


def may(role: str, action: Action) -> bool:
    """Whether `role` may do `action`; an unknown role may nothing."""
    return action in PERMISSIONS.get(role, frozenset())


def roles_that_may(action: Action) -> tuple[str, ...]:
    """Who to ask, when one may not oneself."""
    return tuple(role for role, actions in PERMISSIONS.items() if action in actions)
