"""What is known about n series over t periods, and what is planned for the periods after.

What the methods of this package take. Time runs along the second axis of sales and of inputs.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from central.methods.forecasting.errors import BadPanel

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]

InputKind = Literal["promotion", "price", "event", "calendar"]


@dataclass(frozen=True)
class Inputs:
    """Known in advance, (n, t + planned periods, k): promotion, price, event or calendar, as `kinds` (k,) says.

    An input for a period after the origin must be a plan that was made by then: a realised price is a leak.
    """

    values: Floats
    names: tuple[str, ...]
    kinds: tuple[InputKind, ...]

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or not self.values.shape[2] == len(self.names) == len(self.kinds):
            raise BadPanel(f"inputs {self.values.shape}, {len(self.names)} names, {len(self.kinds)} kinds: must agree")

    def since(self, period: int) -> "Inputs":
        """Without those before `period`."""
        return replace(self, values=self.values[:, period:])

    def of(self, series: Ints | Bools) -> "Inputs":
        """Those of some series."""
        return replace(self, values=self.values[series])


@dataclass(frozen=True)
class Panel:
    """sales: (n, t) units a period, NaN where nobody knows; season: periods a season (7, 12, 52), 1 for none.

    attributes: (n, a) codes of category, store, …: what a new item has in common with old ones.
    phase: place of the first period within its season.
    """

    sales: Floats
    season: int = 1
    inputs: Inputs | None = None
    attributes: Ints | None = None
    phase: int = 0

    def __post_init__(self) -> None:
        count = len(self.sales)
        if self.sales.ndim != 2 or self.season < 1:
            raise BadPanel(f"sales {self.sales.shape}, season {self.season}: give (series, periods) and at least 1")
        if self.inputs is not None and (len(self.inputs.values) != count or self.inputs.values.shape[1] < self.periods):
            raise BadPanel(f"inputs {self.inputs.values.shape} do not cover sales {self.sales.shape}")
        if self.attributes is not None and (self.attributes.ndim != 2 or len(self.attributes) != count):
            raise BadPanel(f"attributes {self.attributes.shape} for {count} series: give one row a series")

    @property
    def periods(self) -> int:
        """How many periods are known."""
        return int(self.sales.shape[1])

    def upto(self, origin: int) -> "Panel":
        """What was known when `origin` periods had passed; plans stay."""
        return replace(self, sales=self.sales[:, :origin])

    def of(self, series: Ints | Bools) -> "Panel":
        """Some of the series."""
        return replace(
            self,
            sales=self.sales[series],
            inputs=None if self.inputs is None else self.inputs.of(series),
            attributes=None if self.attributes is None else self.attributes[series],
        )
