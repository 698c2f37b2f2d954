"""One look at each part of an indexed belt: a part is there, and it rests.

The empty belt is learned by itself: of the scenes that stand still, the plainest one. What differs from it is a part, and
once judged it is not judged again until the belt was empty or moved.
"""

import numpy as np
from msgspec import Struct

from edge_agent.thumbnail import COARSE_HEIGHT, COARSE_WIDTH, Cells, largest_change

AT_REST = 8.0  # grey levels between two frames: less is noise
SAME_AS_EMPTY = 16.0
PLAINER = 0.8  # of the spread of what was taken for the empty belt
STILL_FRAMES = 2


class GateMemory(Struct):
    """Cells as a byte each. `still`: frames in a row without motion; `is_judged`: this part was looked at."""

    before: bytes = b""
    empty: bytes = b""
    still: int = 0
    is_judged: bool = False


def is_whole(memory: GateMemory) -> bool:
    """Whether a memory that was saved holds views of the size that is compared here."""
    return all(len(cells) in (0, COARSE_WIDTH * COARSE_HEIGHT) for cells in (memory.before, memory.empty))


def opens(memory: GateMemory, cells: Cells) -> bool:
    """True at the one frame of each part that should be judged."""
    at_rest = _is_at_rest(memory, cells)
    memory.before = _bytes(cells)
    if not at_rest:
        memory.still, memory.is_judged = 0, False
        return False
    memory.still += 1
    if memory.still < STILL_FRAMES:
        return False
    if _is_empty(memory, cells):
        memory.is_judged = False
        return False
    opened, memory.is_judged = not memory.is_judged, True
    return opened


def _is_at_rest(memory: GateMemory, cells: Cells) -> bool:
    return bool(memory.before) and largest_change(cells, _cells(memory.before)) < AT_REST


def _is_empty(memory: GateMemory, cells: Cells) -> bool:
    """True for the empty belt; a scene at rest that is clearly plainer becomes the empty belt."""
    if not memory.empty or float(cells.std()) < PLAINER * float(_cells(memory.empty).std()):
        memory.empty = _bytes(cells)
        return True
    if largest_change(cells, _cells(memory.empty)) >= SAME_AS_EMPTY:
        return False
    memory.empty = _bytes(cells)
    return True


def _bytes(cells: Cells) -> bytes:
    return cells.round().astype(np.uint8).tobytes()


def _cells(grey: bytes) -> Cells:
    return np.frombuffer(grey, dtype=np.uint8).astype(np.float32).reshape(COARSE_HEIGHT, COARSE_WIDTH)
