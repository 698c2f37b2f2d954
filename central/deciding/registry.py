"""Finds the cards: every `central/capabilities/<group>/<name>/card.py` is a capability."""

from importlib import import_module
from pathlib import Path

from central import capabilities
from central.deciding.capability import Capability

FOLDER = Path(next(iter(capabilities.__path__)))


def discover() -> tuple[Capability, ...]:
    """All capabilities in the house, by name."""
    cards = sorted(FOLDER.glob("*/*/card.py"))
    return tuple(import_module(f"{capabilities.__name__}.{path.parts[-3]}.{path.parts[-2]}.card").CARD for path in cards)
