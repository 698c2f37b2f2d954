"""A choice of options with its running totals by supplier: what it costs, what is left, which orders break a rule. Pure."""

from math import ceil, inf

import numpy as np
from numpy.typing import NDArray

from central.methods.buying.options import NOBODY, Ints, Options
from central.methods.buying.problem import Problem, Supplier

SLACK = 1e-9


class Book:
    """Changes are made with `take` only, so that the totals stay true. The book belongs to whoever made it."""

    def __init__(self, problem: Problem, options: Options, chosen: Ints) -> None:
        self.options = options
        self.chosen = chosen
        self.suppliers: list[Supplier] = [problem.suppliers[name] for name in options.names]
        self.lines = np.zeros(len(options.names), dtype=np.intp)
        self.value, self.volume = np.zeros(len(options.names)), np.zeros(len(options.names))
        self.money = inf if problem.budget is None else problem.budget
        for row in chosen:
            self._count(int(row), 1)
        offering = np.unique(np.column_stack([options.need, options.supplier]), axis=0)[:, 1]
        lines = np.bincount(offering[offering != NOBODY], minlength=len(options.names))
        self.opening_cost = np.array([each.order_cost for each in self.suppliers]) / np.maximum(lines, 1)

    @property
    def is_open(self) -> NDArray[np.bool_]:
        """Which suppliers get an order."""
        return np.asarray(self.lines > 0)

    def take(self, need: int, row: int) -> None:
        """Choose another option for a need."""
        self._count(int(self.chosen[need]), -1)
        self.chosen[need] = row
        self._count(row, 1)

    def cost(self) -> float:
        """Of all needs and orders."""
        fixed = sum(each.order_cost for each, lines in zip(self.suppliers, self.lines, strict=True) if lines)
        return float(self.options.cost[self.chosen].sum()) + fixed

    def orders(self) -> list[int]:
        """Suppliers with an order."""
        return [int(each) for each in np.flatnonzero(self.lines)]

    def broken(self) -> list[int]:
        """Suppliers whose order misses its least value or fill."""
        return [each for each in self.orders() if not self._is_whole(each, self.value[each], self.volume[each])]

    def keeps_rules(self, need: int, row: int) -> bool:
        """Whether every order would be whole after a change."""
        was, options = int(self.chosen[need]), self.options
        change: dict[int, tuple[float, float, int]] = {}
        for each, sign in ((was, -1), (row, 1)):
            name = int(options.supplier[each])
            if name != NOBODY:
                value, volume, lines = change.get(name, (0.0, 0.0, 0))
                change[name] = (value + sign * options.spend[each], volume + sign * options.volume[each], lines + sign)
        return all(
            self.lines[name] + lines == 0 or self._is_whole(name, self.value[name] + value, self.volume[name] + volume)
            for name, (value, volume, lines) in change.items()
        )

    def filled_up(self, supplier: int) -> bool:
        """Make an order whole by the steps that cost least a unit of money, if money and offers allow and it pays."""
        before = [(need, int(self.chosen[need])) for need in self._needs(supplier)]
        while not self._is_whole(supplier, self.value[supplier], self.volume[supplier]):
            step = self._cheapest_growth(supplier)
            if step is None:
                break
            self.take(*step)
        is_whole = self._is_whole(supplier, self.value[supplier], self.volume[supplier])
        if is_whole and self.cost() <= self._without(supplier):
            return True
        for need, row in before:
            self.take(need, row)
        return False

    def give_up(self, supplier: int) -> None:
        """Buy nothing of a supplier."""
        for need in self._mine(supplier):
            self.take(int(need), int(self.options.start[need]))

    def give_up_if_dear(self, supplier: int) -> None:
        """Buy nothing of a supplier where that costs less."""
        if self._without(supplier) < self.cost() - SLACK:
            self.give_up(supplier)

    def _without(self, supplier: int) -> float:
        mine = self._mine(supplier)
        none = self.options.start[mine]
        change = float((self.options.cost[none] - self.options.cost[self.chosen[mine]]).sum())
        return self.cost() + change - self.suppliers[supplier].order_cost * bool(len(mine))

    def _mine(self, supplier: int) -> Ints:
        return np.flatnonzero(self.options.supplier[self.chosen] == supplier)

    def _needs(self, supplier: int) -> Ints:
        return np.unique(self.options.need[self.options.supplier == supplier])

    def _cheapest_growth(self, supplier: int) -> tuple[int, int] | None:
        options = self.options
        rows = np.flatnonzero(options.supplier == supplier)
        now = self.chosen[options.need[rows]]
        held = options.supplier[now]
        extra = options.spend[rows] - options.spend[now]
        is_growth = ((held == supplier) | (held == NOBODY)) & (options.units[rows] > options.units[now])
        allowed = is_growth & (extra <= self.money + SLACK) & (extra > 0)
        if not allowed.any():
            return None
        price = np.where(allowed, (options.cost[rows] - options.cost[now]) / np.maximum(extra, SLACK), inf)
        row = int(rows[int(np.argmin(price))])
        return int(options.need[row]), row

    def _is_whole(self, supplier: int, value: float, volume: float) -> bool:
        known = self.suppliers[supplier]
        if value < known.least_value - SLACK:
            return False
        if not known.container:
            return True
        containers = ceil(volume / known.container - SLACK)
        return bool(volume >= known.least_fill * containers * known.container - SLACK)

    def _count(self, row: int, sign: int) -> None:
        supplier = int(self.options.supplier[row])
        if supplier == NOBODY:
            return
        self.lines[supplier] += sign
        self.value[supplier] += sign * self.options.spend[row]
        self.volume[supplier] += sign * self.options.volume[row]
        self.money -= sign * self.options.spend[row]
