"""Tables of features: physical features made from measured ones, and what is left once useless columns are out. Pure.

A physical feature is declared beside the data it belongs to (the difference of two temperatures, torque times speed); a
model that would otherwise need many splits to find it gets it in one. NaN is a missing value and stays one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

FURTHEST = 4.0
MOST_MISSING = 0.8
_OPERATIONS = {"difference": np.subtract, "product": np.multiply, "ratio": np.divide}


@dataclass(frozen=True)
class Physical:
    """A feature made from two others by name: left minus, times or over right."""

    name: str
    kind: Literal["difference", "product", "ratio"]
    left: str
    right: str


def with_physical(values: Floats, names: Sequence[str], wanted: Sequence[Physical]) -> tuple[Floats, list[str]]:
    """`values` (n, p) with a column for each of `wanted` behind, and all names. One over nothing is missing.

    Raises KeyError when a feature is not among `names`.
    """
    place = {name: column for column, name in enumerate(names)}
    with np.errstate(divide="ignore", invalid="ignore"):
        made = [_OPERATIONS[one.kind](values[:, place[one.left]], values[:, place[one.right]]) for one in wanted]
    more = np.column_stack(made) if made else np.empty((len(values), 0))
    whole = np.column_stack([values, np.where(np.isfinite(more), more, np.nan)])
    return whole, [*names, *(one.name for one in wanted)]


@dataclass(frozen=True)
class Hygiene:
    """What was learned of the columns of a training table. kept: (q,) columns that say something; median, scale: (q,)."""

    kept: Ints
    median: Floats
    scale: Floats

    @classmethod
    def of(cls, values: Floats) -> "Hygiene":
        """Columns of `values` (n, p) that vary, are mostly there and repeat no earlier one; their middle and spread."""
        kept = [column for column in range(values.shape[1]) if _says_something(values[:, column])]
        unlike = np.array(_first_of_each(values, kept), dtype=np.intp)
        used = values[:, unlike]
        low, median, high = np.nanpercentile(used, [25, 50, 75], axis=0) if len(unlike) else np.empty((3, 0))
        spread = np.where(high > low, (high - low) / 1.349, np.nanstd(used, axis=0) if len(unlike) else np.empty(0))
        return cls(unlike, median, spread)

    def cleaned(self, values: Floats) -> Floats:
        """The kept columns, (n, q), with what is missing still missing."""
        return values[:, self.kept]

    def standardised(self, values: Floats) -> Floats:
        """The kept columns in robust deviations from the median, at most `FURTHEST`; missing is the median. (n, q)"""
        away = (self.cleaned(values) - self.median) / self.scale
        return np.nan_to_num(np.clip(away, -FURTHEST, FURTHEST), nan=0.0)


def _says_something(column: Floats) -> bool:
    there = column[~np.isnan(column)]
    return len(there) >= (1 - MOST_MISSING) * len(column) and len(there) > 0 and bool(there.min() < there.max())


def _first_of_each(values: Floats, columns: Sequence[int]) -> list[int]:
    seen: dict[bytes, int] = {}
    for column in columns:
        seen.setdefault(np.ascontiguousarray(values[:, column]).tobytes(), column)
    return sorted(seen.values())
