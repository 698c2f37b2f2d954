"""A plan by marginal value: again and again the step that saves most for its money, as long as there is money. Pure.

Fast and never empty-handed, whatever the clock says: what a solver that runs out of time falls back on, and what every other
plan must not be dearer than. An order that misses its supplier's least value or fill is filled up with the next best steps
of that supplier, or given up, whichever costs less.
"""

import heapq
from math import inf

import numpy as np

from central.methods.buying.options import NOBODY, Ints, Options
from central.methods.buying.orders import Book
from central.methods.buying.problem import Problem


def greedy(problem: Problem, options: Options) -> Ints:
    """The chosen row of each need, (needs,)."""
    book = Book(problem, options, options.start[:-1].copy())
    _spend(book)
    for supplier in book.broken():
        if not book.filled_up(supplier):
            book.give_up(supplier)
    _spend(book, is_guarded=True)
    return book.chosen


def improve(problem: Problem, options: Options, chosen: Ints) -> Ints:
    """A feasible choice with the money that is left spent as well as can be, orders that do not pay given up."""
    book = Book(problem, options, chosen.copy())
    for supplier in book.broken():
        if not book.filled_up(supplier):
            book.give_up(supplier)
    _spend(book, is_guarded=True)
    for supplier in book.orders():
        book.give_up_if_dear(supplier)
    return book.chosen


def _spend(book: Book, *, is_guarded: bool = False) -> None:
    heap = [step for need in range(len(book.chosen)) if (step := _step(book, need)) is not None]
    heapq.heapify(heap)
    while heap:
        _, need, row = heapq.heappop(heap)
        fresh = _step(book, need)
        if fresh is None:
            continue
        if fresh[2] != row:
            heapq.heappush(heap, fresh)
            continue
        if not is_guarded or book.keeps_rules(need, row):
            book.take(need, row)
            if (following := _step(book, need)) is not None:
                heapq.heappush(heap, following)


def _step(book: Book, need: int) -> tuple[float, int, int] | None:
    """The change of one need that saves most a unit of money, among those that can be paid: (-saving a unit, need, row)."""
    options, now = book.options, int(book.chosen[need])
    rows = np.arange(options.start[need], options.start[need + 1])
    saving = options.cost[now] - options.cost[rows]
    opening = np.where(options.supplier[rows] == NOBODY, 0.0, book.opening_cost[options.supplier[rows]])
    saving = saving - opening * (~book.is_open[options.supplier[rows]] & (options.supplier[rows] != NOBODY))
    extra = options.spend[rows] - options.spend[now]
    worth = np.where((saving > 1e-9) & (extra <= book.money + 1e-9), saving / np.maximum(extra, 1e-6), -inf)
    at = int(np.argmax(worth))
    return None if worth[at] == -inf else (-float(worth[at]), need, int(rows[at]))
