"""Arrays of one number a channel (or a row, or a block) and how they are written down: exact, typed, never pickled.

Values that single precision holds exactly are written in four bytes, others in eight: reading back gives the same bits.
"""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Places = NDArray[np.intp]
_KINDS = {"f4": "<f4", "f8": "<f8"}


class Written(msgspec.Struct, array_like=True):
    """An array as it is saved: the kind of its numbers, its shape, its bytes in row order."""

    kind: str
    shape: list[int]
    content: bytes


def single(values: Array) -> Array:
    """The nearest numbers that single precision holds, still as doubles."""
    return values.astype(np.float32).astype(np.float64)


def write(value: object) -> Written:
    """For msgspec's `enc_hook`."""
    if not isinstance(value, np.ndarray):
        raise NotImplementedError(type(value))
    with np.errstate(over="ignore"):  # what single precision cannot hold is written in eight bytes
        short = value.astype("<f4")
    is_exact = np.array_equal(short.astype("<f8"), value, equal_nan=True)
    return Written("f4" if is_exact else "f8", list(value.shape), (short if is_exact else value.astype("<f8")).tobytes())


def read(kind: type, value: Any) -> Array:
    """For msgspec's `dec_hook`. Raises ValueError when bytes and shape do not fit."""
    if (getattr(kind, "__origin__", kind)) is not np.ndarray:
        raise NotImplementedError(kind)
    written = msgspec.convert(value, Written)
    if written.kind not in _KINDS or any(length < 0 for length in written.shape):
        raise ValueError(f"no array of kind {written.kind!r} and shape {written.shape}")
    with np.errstate(invalid="ignore"):  # a torn file holds whatever it holds
        return np.frombuffer(written.content, _KINDS[written.kind]).reshape(written.shape).astype(np.float64)
