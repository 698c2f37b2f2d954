"""Finds the cards: every `central/capabilities/<group>/<name>/card.py` is a capability."""

from importlib import import_module
from pathlib import Path

from central.deciding.capability import Capability

FOLDER = Path(__file__).parents[1] / "capabilities"  # named, not imported: this arrow is discovery


def discover() -> tuple[Capability, ...]:
    """All capabilities in the house, by name."""
    cards = sorted(FOLDER.glob("*/*/card.py"))
    return tuple(import_module(f"central.capabilities.{path.parts[-3]}.{path.parts[-2]}.card").CARD for path in cards)
