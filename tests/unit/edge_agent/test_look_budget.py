"""A task takes no more time than it is granted, counted over the samples that come."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.look_budget import LookBudget


class Processor:
    """A clock of processor time that a look moves on."""

    def __init__(self) -> None:
        self.spent_s = 0.0

    def __call__(self) -> float:
        return self.spent_s


def looks(cpu_ms: float | None, cost_s: Callable[[int], float], samples: int) -> tuple[list[int], float]:
    """The samples that a task is shown when the look at sample n costs `cost_s(n)`, and what they cost."""
    processor = Processor()
    budget = LookBudget(cpu_ms, processor)
    shown = []
    for number in range(samples):
        if budget.may_look():
            with budget.looking():
                processor.spent_s += cost_s(number)
            shown.append(number)
    return shown, processor.spent_s


def test_a_look_three_times_too_dear_costs_the_next_two() -> None:
    """Every third sample is looked at, from the first on."""
    assert looks(125, lambda _number: 0.375, 9)[0] == [0, 3, 6]


def test_within_the_grant_and_without_one_all_are_looked_at() -> None:
    """A look that costs just what is granted too; what was saved is not spent later."""
    assert looks(125, lambda _number: 0.125, 5)[0] == [0, 1, 2, 3, 4]
    assert looks(None, lambda _number: 9.0, 5)[0] == [0, 1, 2, 3, 4]
    assert looks(125, lambda number: 0.375 if number >= 90 else 0.0, 96)[0] == [*range(91), 93]


@given(st.floats(1, 500), st.lists(st.floats(0, 2), min_size=1, max_size=80))
def test_the_time_stays_within_the_grants_but_for_the_last_look(cpu_ms: float, costs_s: list[float]) -> None:
    """Whatever the looks cost."""
    _, spent_s = looks(cpu_ms, lambda number: costs_s[number], len(costs_s))
    assert spent_s <= cpu_ms / 1000 * (len(costs_s) + 1) + max(costs_s) + 1e-9


def test_a_look_that_fails_is_paid_for_too() -> None:
    """Else a task that fails slowly would take all the time there is."""
    processor = Processor()
    budget = LookBudget(125, processor)
    try:
        with budget.looking():
            processor.spent_s += 1.0
            raise ValueError
    except ValueError:
        assert not budget.may_look()
