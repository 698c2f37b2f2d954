"""A shelf of one SKU: how many cartons stand where, and what they look like.

A shelf is filled from its lowest board upwards, row by row, left to right, single-deep: every carton in stock can be seen,
so `units` is the ground truth of what a camera should count.
"""

import colorsys
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

Bgr = tuple[int, int, int]
PrintStyle = Literal["band", "label", "disc", "stripes", "plain", "split"]
PRINT_STYLES: tuple[PrintStyle, ...] = get_args(PrintStyle)


@dataclass(frozen=True)
class CartonLook:
    """What the cartons of one SKU have in common. Colours are BGR; shares are of the carton's own width or height."""

    body_bgr: Bgr
    accent_bgr: Bgr
    print_style: PrintStyle
    tape_share: float = 0.12
    fill_width: float = 0.93
    fill_height: float = 0.95


@dataclass(frozen=True)
class CartonGrid:
    """How many cartons fit: `columns` side by side, `rows` on top of each other on each of `boards` boards."""

    columns: int
    rows: int
    boards: int = 1

    @property
    def capacity(self) -> int:
        """Cartons of a full shelf."""
        return self.columns * self.rows * self.boards


@dataclass(frozen=True)
class Slot:
    """Where one carton stands: board 0 is the lowest, row 0 stands on the board, column 0 is the left one."""

    board: int
    row: int
    column: int


@dataclass(frozen=True)
class Shelf:
    """One shelf and its stock. `arrangement` seeds how the cartons happen to stand; a refill changes it.

    Raises ValueError when `units` is below zero or above what the grid holds.
    """

    location: str
    sku: str
    grid: CartonGrid
    units: int
    look: CartonLook
    arrangement: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.units <= self.capacity:
            raise ValueError(f"shelf {self.location}: {self.units} units do not fit 0..{self.capacity}")

    @property
    def capacity(self) -> int:
        """Cartons of a full shelf."""
        return self.grid.capacity


def sell(shelf: Shelf, wanted: int) -> tuple[Shelf, int]:
    """Take up to `wanted` cartons off the shelf; gives the shelf after and how many were there to take."""
    sold = min(max(wanted, 0), shelf.units)
    return replace(shelf, units=shelf.units - sold), sold


def refill(shelf: Shelf, brought: int) -> tuple[Shelf, int]:
    """Put up to `brought` cartons on the shelf; gives the shelf after and how many found room."""
    placed = min(max(brought, 0), shelf.capacity - shelf.units)
    return replace(shelf, units=shelf.units + placed, arrangement=shelf.arrangement + (placed > 0)), placed


def slots(grid: CartonGrid) -> tuple[Slot, ...]:
    """Every slot of a grid, in filling order."""
    boards, rows, columns = range(grid.boards), range(grid.rows), range(grid.columns)
    return tuple(Slot(board, row, column) for board in boards for row in rows for column in columns)


def filled_slots(shelf: Shelf) -> tuple[Slot, ...]:
    """The slots that hold a carton, in filling order."""
    return slots(shelf.grid)[: shelf.units]


def draw_look(rng: np.random.Generator) -> CartonLook:
    """A carton design drawn by chance: brown board as often as a printed colour."""
    is_brown = rng.random() < 0.5
    body = (rng.uniform(0.07, 0.11), rng.uniform(0.3, 0.55), rng.uniform(0.55, 0.85)) if is_brown else _any_hsv(rng)
    return CartonLook(
        body_bgr=_bgr_of_hsv(*body),
        accent_bgr=_bgr_of_hsv(*_any_hsv(rng)),
        print_style=PRINT_STYLES[rng.integers(len(PRINT_STYLES))],
        tape_share=float(rng.choice([0.0, 0.12, 0.18])),
        fill_width=float(rng.uniform(0.88, 0.97)),
        fill_height=float(rng.uniform(0.90, 0.98)),
    )


def _any_hsv(rng: np.random.Generator) -> tuple[float, float, float]:
    """Any hue, dull to strong, dark to bright; each in 0..1."""
    return rng.uniform(0, 1), rng.uniform(0.0, 0.75), rng.uniform(0.25, 0.92)


def _bgr_of_hsv(hue: float, saturation: float, value: float) -> Bgr:
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return round(blue * 255), round(green * 255), round(red * 255)


def bgr_of(hex_rgb: str) -> Bgr:
    """A colour written `#rrggbb` as blue, green, red."""
    red, green, blue = bytes.fromhex(hex_rgb.removeprefix("#"))
    return blue, green, red
