"""Customers, the till and the clerk: how the stock of shelves changes, and which changes the books hear about.

Customers arrive as a Poisson process, faster while the doors have just opened, and take a small basket of one SKU. Some
baskets leave without the till, so that book and shelf drift apart as they do in a shop. A shelf that has been low for a
while is filled up by the clerk, who books a receipt.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from firmware_sim.scene import Scene, Sku, Trade
from firmware_sim.world.shelf import Shelf, refill, sell


@dataclass(frozen=True)
class Movement:
    """Units that came onto a shelf (quantity > 0) or left it (< 0). is_booked: the till or the clerk recorded it."""

    at_s: float
    kind: Literal["sale", "receipt"]
    sku: str
    location: str
    quantity: int
    is_booked: bool


@dataclass(frozen=True)
class Stall:
    """A shelf in trade: its stock, the demand it meets in units a second (rush aside), and since when it is low."""

    shelf: Shelf
    demand_per_s: float
    low_since_s: float | None = None


@dataclass(frozen=True)
class Standing:
    """What is kept of a stall between two runs: its units, and for how long it has been low (None: it is not)."""

    units: int
    low_for_s: float | None = None


def standing(stall: Stall, now_s: float) -> Standing:
    """What to keep of a stall at a moment."""
    return Standing(stall.shelf.units, None if stall.low_since_s is None else round(now_s - stall.low_since_s, 1))


def resumed(stall: Stall, kept: Standing, now_s: float) -> Stall:
    """The stall as it was kept. Raises ValueError when the shelf cannot hold so much."""
    low_since_s = None if kept.low_for_s is None else now_s - kept.low_for_s
    return replace(stall, shelf=replace(stall.shelf, units=kept.units), low_since_s=low_since_s)


def open_stalls(scene: Scene, shelves: Sequence[Shelf]) -> tuple[Stall, ...]:
    """The shelves of a scene with the demand of their SKUs, shared evenly among the shelves of one SKU."""
    shelves_of = {sku.id: sum(shelf.sku == sku.id for shelf in shelves) for sku in scene.skus}
    return tuple(Stall(shelf, _demand_per_s(scene.sku(shelf.sku), scene.trade) / shelves_of[shelf.sku]) for shelf in shelves)


def traded(
    stalls: tuple[Stall, ...], trade: Trade, from_s: float, to_s: float, rng: np.random.Generator
) -> tuple[tuple[Stall, ...], list[Movement]]:
    """The stalls after the time from_s..to_s, and what moved. A customer takes what is there, never more."""
    demand = np.array([stall.demand_per_s for stall in stalls])
    customers = arrivals(demand, trade, from_s, to_s, rng)
    movements: list[Movement] = []
    after = list(stalls)
    for index, count in enumerate(customers.tolist()):
        for _ in range(count):
            after[index], moved = _served(after[index], trade, to_s, rng)
            movements += moved
        after[index], moved = _tended(after[index], trade, to_s)
        movements += moved
    return tuple(after), movements


def arrivals(
    demand_per_s: NDArray[np.float64], trade: Trade, from_s: float, to_s: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Customers per stall, Poisson. Baskets hold 1..largest units evenly, so customers are fewer than units."""
    rush_s = max(min(to_s, trade.rush_s) - from_s, 0.0)
    weighted_s = (to_s - from_s) + rush_s * (trade.rush_factor - 1.0)
    mean_basket = (1 + trade.largest_basket_units) / 2
    return rng.poisson(demand_per_s * weighted_s / mean_basket)


def _demand_per_s(sku: Sku, trade: Trade) -> float:
    return sku.daily_demand / trade.day_s


def _served(stall: Stall, trade: Trade, at_s: float, rng: np.random.Generator) -> tuple[Stall, list[Movement]]:
    basket = int(rng.integers(1, trade.largest_basket_units + 1))
    is_booked = bool(rng.random() >= trade.unrecorded_share)
    shelf, sold = sell(stall.shelf, basket)
    if sold == 0:
        return stall, []
    return replace(stall, shelf=shelf), [Movement(at_s, "sale", shelf.sku, shelf.location, -sold, is_booked)]


def _tended(stall: Stall, trade: Trade, at_s: float) -> tuple[Stall, list[Movement]]:
    """The clerk's round: note a shelf that is low, fill up one that has been low for long enough."""
    if stall.shelf.units > trade.low_share * stall.shelf.capacity:
        return (stall if stall.low_since_s is None else replace(stall, low_since_s=None)), []
    if stall.low_since_s is None:
        return replace(stall, low_since_s=at_s), []
    if at_s - stall.low_since_s < trade.refill_after_s:
        return stall, []
    shelf, placed = refill(stall.shelf, stall.shelf.capacity)
    return replace(stall, shelf=shelf, low_since_s=None), [
        Movement(at_s, "receipt", shelf.sku, shelf.location, placed, True)
    ]
