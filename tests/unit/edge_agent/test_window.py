"""The sender's rules, tried against a lossy broker and a centre that is sometimes away, without either."""

from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.link import window as rules
from edge_agent.link.window import Window

PATIENCE_S = 5.0


@dataclass
class World:
    """A sender with `last` events, a broker that loses, a centre that keeps a contiguous prefix and hates `poison`."""

    last: int
    random: Random
    loss: float
    poison: set[int] = field(default_factory=set)
    batch_events: int = 10
    now_s: float = 0.0
    cursor: int = 0
    aside: list[int] = field(default_factory=list)
    is_away: bool = False
    flying: int = 0
    window: Window = field(default_factory=lambda: rules.opened(0, PATIENCE_S))

    def step(self, seconds: float) -> None:
        """Let time pass, then send whatever the rules allow."""
        self.now_s += seconds
        self.window, hopeless = rules.ticked(self.window, self.now_s)
        if hopeless is not None:
            self.aside.append(hopeless)
        while (turn := rules.turn(self.window, self.last, self.now_s, self.batch_events)) is not None:
            batch = range(turn.after + 1, min(self.last, turn.after + turn.count) + 1)
            self.window = rules.published(self.window, batch[0], batch[-1], self.now_s, turn.probe)
            self.flying = max(self.flying, len(self.window.flights))
            self.arrive(batch)
            if turn.probe:
                self.arrive(range(self.cursor, self.cursor + 1))

    def arrive(self, batch: range) -> None:
        """The batch at the centre, if it gets there; its answer, if it gets back."""
        poison = self.poison - set(self.aside)
        if self.is_away or self.random.random() < self.loss or poison & set(batch):
            return
        gap = batch[0] > self.cursor + 1
        self.cursor = self.cursor if gap else max(self.cursor, batch[-1])
        if self.random.random() >= self.loss:
            answer = rules.gap if gap else rules.acknowledged
            self.window = answer(self.window, self.cursor, self.now_s)


@given(st.integers(0, 2**32), st.integers(1, 400), st.floats(0, 0.6))
def test_everything_arrives_in_order_whatever_the_broker_loses(seed: int, last: int, loss: float) -> None:
    """With loss in both directions the prefix reaches the end, and nothing good is set aside."""
    world = World(last, Random(seed), loss)
    for _ in range(20_000):
        world.step(1.0)
        assert world.window.acknowledged <= world.cursor <= world.last
        if world.window.acknowledged == last:
            break
    assert world.window.acknowledged == last
    assert world.flying <= rules.MAX_FLIGHTS
    assert world.aside == []


@given(st.integers(0, 2**32), st.sets(st.integers(2, 120), min_size=1, max_size=4))
def test_poison_is_set_aside_alone_and_the_rest_lands(seed: int, poison: set[int]) -> None:
    """Wherever it stands in a batch, exactly the events that the centre never takes are given up."""
    world = World(120, Random(seed), loss=0.0, poison=poison)
    for _ in range(2_000):
        world.step(1.0)
    assert world.window.acknowledged == 120
    assert world.aside == sorted(poison)


@given(st.integers(1, 300), st.integers(1, 2000))
def test_a_centre_that_is_away_costs_no_event(last: int, away_s: int) -> None:
    """However long nothing answers: without proof that the centre lives, nothing is given up."""
    world = World(last, Random(1), loss=0.0, is_away=True)
    for _ in range(away_s):
        world.step(1.0)
    assert world.aside == []
    world.is_away = False
    for _ in range(200):
        world.step(1.0)
    assert world.window.acknowledged == last


def flying() -> Window:
    """Two batches in flight, sent at 0 s."""
    return rules.published(rules.published(rules.opened(0, PATIENCE_S), 1, 10, 0.0), 11, 20, 0.0)


def test_the_acknowledgement_of_a_batch_frees_its_place() -> None:
    """Only the contiguous prefix counts."""
    window = rules.acknowledged(flying(), 10, 1.0)
    assert (window.acknowledged, window.sent, len(window.flights)) == (10, 20, 1)
    assert rules.acknowledged(window, 3, 2.0).acknowledged == 10


def test_a_gap_rewinds_once_for_all_batches_behind_it() -> None:
    """The same gap comes for each batch that was in flight; one rewind is enough."""
    window = rules.gap(flying(), 0, 2.0)
    assert (window.sent, window.flights, window.stalls) == (0, (), 1)
    sent_again = rules.published(window, 1, 10, 2.0)
    assert rules.gap(sent_again, 0, 2.5) == sent_again


def test_silence_rewinds_after_the_patience() -> None:
    """Not before."""
    assert rules.ticked(flying(), PATIENCE_S - 0.1)[0].sent == 20
    assert rules.ticked(flying(), PATIENCE_S)[0].sent == 0


def test_three_rewinds_without_progress_send_the_first_batch_singly() -> None:
    """The others wait until it is through."""
    window = flying()
    for round_s in (5.0, 10.0, 15.0):
        window, _ = rules.ticked(window, round_s)
        window = rules.published(window, 1, 10, round_s)
    window, _ = rules.ticked(rules.rewound(window, 16.0), 16.0)
    turn = rules.turn(window, 100, 16.0, 10)
    assert turn == rules.Turn(after=0, count=1, probe=True)
    assert rules.turn(rules.published(window, 1, 1, 16.0), 100, 16.0, 10) is None


def test_a_refusing_broker_is_asked_ever_more_rarely() -> None:
    """135: stop, and back off up to five minutes."""
    window, now_s, waits = flying(), 0.0, []
    for _ in range(8):
        window = rules.refused(window, now_s)
        waits.append(window.not_before_s - now_s)
        assert rules.turn(window, 100, now_s, 10) is None
        now_s = window.not_before_s
        assert rules.turn(window, 100, now_s, 10) is not None
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300]
    assert rules.accepted(window).refusals == 0


def test_nobody_subscribed_means_one_batch_at_a_time_and_no_stall() -> None:
    """16: knock every five seconds; silence says nothing about our events."""
    window = rules.nobody_there(flying(), 0.0)
    assert rules.turn(window, 100, 4.9, 10) is None
    knocked = rules.published(window, 1, 10, 5.0)
    assert rules.turn(knocked, 100, 5.0, 10) is None
    assert rules.ticked(knocked, 10.0)[0].stalls == 0


@pytest.mark.parametrize("is_new_epoch", [True, False])
def test_a_new_epoch_rewinds(is_new_epoch: bool) -> None:
    """A restored centre asks again for what it may have lost; the same epoch changes nothing."""
    window = rules.centre_said(flying(), online=True, is_new_epoch=is_new_epoch, now_s=1.0)
    assert window.sent == (0 if is_new_epoch else 20)


def test_a_centre_that_comes_back_is_served_at_once() -> None:
    """Offline stops sending; online again rewinds and opens the window."""
    away = rules.centre_said(flying(), online=False, is_new_epoch=False, now_s=1.0)
    assert rules.turn(away, 100, 2.0, 10) is None
    back = rules.centre_said(away, online=True, is_new_epoch=False, now_s=3.0)
    assert rules.turn(back, 100, 3.0, 10) == rules.Turn(0, 10, probe=False)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 60)), max_size=40))
def test_an_acknowledgement_that_is_said_again_takes_nothing_back(said: list[tuple[bool, int]]) -> None:
    """Old words of the centre, in any order: what is acknowledged never becomes less, nor more than was said."""
    window, most = rules.opened(0, 5.0), 0
    for place, (is_gap, upto) in enumerate(said):
        before = window.acknowledged
        window = (rules.gap if is_gap else rules.acknowledged)(window, upto, float(place))
        most = max(most, upto)
        assert before <= window.acknowledged <= most
    assert window.acknowledged == most
