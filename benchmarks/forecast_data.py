"""The sets that forecasts are measured on, as panels: parts by month, groceries by week with their plan, shops by day."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.tables import Rows, rows
from central.methods.forecasting.panel import Floats, InputKind, Inputs, Ints, Panel

EVENTS = ("Cultural", "National", "Religious", "Sporting")
DISPLAYS = "123456789A"
MAILERS = "ACDFHJLPXZ"
LEAST_WEEKS = 23
PAST_WINDOWS = 2


@dataclass(frozen=True)
class Set:
    """A panel whose last `horizon` periods are to be forecast from those before."""

    name: str
    panel: Panel
    horizon: int

    def rolled(self, origins: int) -> list["Set"]:
        """Sets that end one window earlier each, the whole first, as many as leave a past of PAST_WINDOWS or more."""
        most = max(1, self.panel.periods // self.horizon - PAST_WINDOWS)
        ends = [self.panel.periods - back * self.horizon for back in range(min(origins, most))]
        return [replace(self, panel=self.panel.upto(end)) for end in ends]

    def upto_last_window(self) -> Panel:
        """What was known before the window."""
        return self.panel.upto(self.panel.periods - self.horizon)

    def window(self) -> Floats:
        """(n, horizon) what came."""
        return self.panel.sales[:, -self.horizon :]


def carparts(data: Path | None) -> Set:
    """Spare parts by month; unknown months are zero, as the Monash archive has them."""
    table = rows(data, "carparts/carparts_monthly")
    items, months = _codes(table, "unique_id"), _codes(table, "ds")
    sales = np.zeros((items.max() + 1, months.max() + 1))
    sales[items, months] = [float(row["y"] or 0) for row in table]
    return Set("carparts", Panel(sales, season=12), 12)


def journey(data: Path | None) -> Set:
    """Groceries of a panel of households by week, weeks 1 to 52, with the share of shops that display or mail each."""
    plan = rows(data, "complete_journey/promotions_top600")
    sold = rows(data, "complete_journey/transactions", ("product_id", "week", "quantity"))
    ids = sorted({row["product_id"] for row in plan}, key=int)
    place = {name: number for number, name in enumerate(ids)}
    sales = np.zeros((len(ids), 52))
    for row in sold:
        if row["product_id"] in place and int(row["week"]) <= 52:
            sales[place[row["product_id"]], int(row["week"]) - 1] += float(row["quantity"])
    kept = (sales[:, :44] > 0).sum(1) >= LEAST_WEEKS
    products = {row["product_id"]: row for row in rows(data, "complete_journey/products")}
    columns = ("department", "product_category", "manufacturer_id", "brand")
    attributes = np.column_stack([_codes([products[name] for name in ids], column) for column in columns])
    panel = Panel(sales, season=52, inputs=_shares(plan, place), attributes=attributes)
    return Set("journey", panel.of(kept), 8)


def m5(data: Path | None) -> Set:
    """Items of shops by day, unknown before the first sale, with events and food stamp days."""
    table = rows(data, "m5_sample/sales*")
    calendar = rows(data, "m5_sample/calendar")
    days = [name for name in table[0] if name.startswith("d_")]
    sales = np.array([[float(row[day]) for day in days] for row in table])
    begun = np.cumsum(sales > 0, axis=1) > 0
    events = np.array([[float(row["event_type_1"] == kind) for kind in EVENTS] for row in calendar])
    closed = np.array([[float(row["event_name_1"] == "Christmas")] for row in calendar])
    stamps = np.array([[float(row[f"snap_{shop['state_id']}"]) for row in calendar] for shop in table])
    common = np.tile(np.column_stack([events, closed])[None], (len(table), 1, 1))
    names = (*EVENTS, "closed", "stamps")
    kinds: tuple[InputKind, ...] = tuple("event" for _ in names)
    inputs = Inputs(np.concatenate([common, stamps[..., None]], axis=2), names, kinds)
    attributes = np.column_stack([_codes(table, column) for column in ("dept_id", "store_id", "cat_id")])
    return Set("m5", Panel(np.where(begun, sales, np.nan), 7, inputs, attributes), 28)


def _codes(table: Rows, column: str) -> Ints:
    values = sorted({row[column] for row in table})
    number = {value: place for place, value in enumerate(values)}
    return np.array([number[row[column]] for row in table], dtype=np.intp)


def _shares(plan: Rows, place: dict[str, int]) -> Inputs:
    """Share of shops by code of display and of mailer, and by any: (n, 53, k)."""
    shops = len({row["store_id"] for row in plan})
    names = ("display", "mailer", "both", *(f"display_{code}" for code in DISPLAYS), *(f"mailer_{code}" for code in MAILERS))
    column = {name: number for number, name in enumerate(names)}
    counts = np.zeros((len(place), 53, len(names)))
    for row in plan:
        for name in _switches(row["display_location"], row["mailer_location"]):
            if name in column:
                counts[place[row["product_id"]], int(row["week"]) - 1, column[name]] += 1 / shops
    kinds: tuple[InputKind, ...] = tuple("promotion" for _ in names)
    return Inputs(counts, names, kinds)


def _switches(display: str, mailer: str) -> Sequence[str]:
    shown, mailed = display != "0", mailer != "0"
    named = [f"display_{display}"] * shown + [f"mailer_{mailer}"] * mailed
    return named + ["display"] * shown + ["mailer"] * mailed + ["both"] * (shown and mailed)
