"""Is a shelf well stocked, low, out, or not the shelf of its planogram? Told when the last looks agree, so that one look at
a back that hid it calls nobody."""

from collections.abc import Sequence

from edge_agent.tasks.shelf_count.planogram import Stock
from edge_agent.tasks.shelf_count.settings import Region
from protocols.messages.shelf_count import ShelfState

URGENT: frozenset[ShelfState] = frozenset({"low", "out", "mismatch"})


def state_of(stock: Stock, is_mismatch: bool, region: Region) -> ShelfState:
    """The state that one look shows."""
    if is_mismatch:
        return "mismatch"
    if stock.facings == 0:
        return "out"
    return "low" if region.low is not None and stock.units <= region.low else "ok"


def settled(states: Sequence[ShelfState], before: ShelfState, looks: int) -> ShelfState:
    """The state that the last `looks` all show, else the one before."""
    last = states[-looks:]
    return last[0] if len(last) == looks and len(set(last)) == 1 else before
