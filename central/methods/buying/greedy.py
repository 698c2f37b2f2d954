"""A plan by marginal value: again and again the step that saves most for its money, as long as there is money. Pure.

Fast and never empty-handed, whatever the clock says: what a solver that runs out of time falls back on, and what every other
plan must not be dearer than. An order that misses its supplier's least value or fill is filled up with the next best steps
of that supplier, or given up, whichever costs less.
"""

import heapq
from math import inf

import numpy as np

from central.methods.buying.options import NOBODY, Floats, Ints, Options
from central.methods.buying.orders import SLACK, Book
from central.methods.buying.problem import Problem

LEAST_SAVING, LEAST_EXTRA = 1e-9, 1e-6


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
    heap = _steps(book)
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
    rows = np.arange(book.options.start[need], book.options.start[need + 1])
    worth = _worth(book, rows, int(book.chosen[need]))
    at = int(np.argmax(worth))
    return None if worth[at] == -inf else (-float(worth[at]), need, int(rows[at]))


def _steps(book: Book) -> list[tuple[float, int, int]]:
    """The same of every need that has one."""
    rows = np.arange(len(book.options.need))
    worth = _worth(book, rows, book.chosen[book.options.need])
    best = book.options.best(-worth)
    return [(-float(worth[row]), int(book.options.need[row]), int(row)) for row in best if worth[row] > -inf]


def _worth(book: Book, rows: Ints, now: Ints | int) -> Floats:
    """What each row would save a unit of money against the row chosen now; -inf where it saves nothing or cannot be paid."""
    options = book.options
    supplier = options.supplier[rows]
    opens = (supplier != NOBODY) & ~book.is_open[supplier]
    saving = options.cost[now] - options.cost[rows] - np.where(opens, book.opening_cost[supplier], 0.0)
    extra = options.spend[rows] - options.spend[now]
    is_better = (saving > LEAST_SAVING) & (extra <= book.money + SLACK)
    return np.where(is_better, saving / np.maximum(extra, LEAST_EXTRA), -inf)
