"""reload_model: the tasks of a source are built anew, their models read from disk again; their state is kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edge_agent.commands.ability import Order


@dataclass(frozen=True)
class ReloadModel:
    """rebuild: the tasks of a source, on freshly read models; gives what each runs now. Raises EdgeError."""

    rebuild: Callable[[str], Mapping[str, str | None]]

    def __call__(self, order: Order) -> Mapping[str, object]:
        """Rebuild. Raises TaskNotBuilt: the old one goes on."""
        return {"models": dict(self.rebuild(order.command.source or ""))}
