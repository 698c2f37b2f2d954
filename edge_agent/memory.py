"""Memory that is given back or never taken: glibc's allocator and optional imports, set for a small device.

By default each thread may keep a pool of its own, and freed pictures stay in it: an agent with both vision tasks held 290 MB
of which 130 MB had been freed long ago. Two pools, and large blocks straight from and to the kernel, cost a few page faults.
"""

import ctypes
import sys
from types import ModuleType
from typing import cast

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # mallopt(3)
LARGE_BYTES = 128 * 1024
POOLS = 2


def give_back_memory() -> None:
    """Set the allocator of this process; before threads start. Does nothing where the C library has no mallopt."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    mallopt(_ARENA_MAX, POOLS)
    mallopt(_MMAP_THRESHOLD, LARGE_BYTES)
    mallopt(_TRIM_THRESHOLD, LARGE_BYTES)


def leave_out_pandas() -> None:
    """Before sqlite-utils is imported, which loads pandas (40 MB) where another package brought it, and can do without."""
    sys.modules.setdefault("pandas", cast(ModuleType, None))  # None: an import says ModuleNotFoundError
