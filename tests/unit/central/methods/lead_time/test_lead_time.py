"""Lead times lean on their kind, follow what changes, and are asked for the share that comes true."""

import numpy as np
import pytest

from central.methods.lead_time.deliveries import Deliveries, Settings
from central.methods.lead_time.errors import BadDeliveries, NothingCame
from central.methods.lead_time.honest import Ranks, ranks
from central.methods.lead_time.lateness import lateness


def delivered(days: list[float], vendor: str = "north", mode: str = "road", every_d: float = 1.0) -> Deliveries:
    """Orders one after another that took so long."""
    ordered = np.asarray(np.arange(len(days)) * every_d, dtype=np.float64)
    return Deliveries(np.full(len(days), vendor), np.full(len(days), mode), ordered, ordered + np.array(days))


def test_what_had_not_come_is_not_known() -> None:
    """An order of yesterday that takes a hundred days says nothing today."""
    deliveries = delivered([5, 5, 5, 100])
    assert deliveries.told("north", "road", 50.0, Settings()).quantile(1.0) == 5
    with pytest.raises(NothingCame, match="day 0"):
        deliveries.told("north", "road", 0.0, Settings())


def test_a_vendor_of_one_delivery_is_told_as_its_mode_is() -> None:
    """One early delivery does not make a fast vendor; many do."""
    one = np.array(["new"] + ["old"] * 50)
    road = np.full(51, "road")
    ordered = np.zeros(51)
    deliveries = Deliveries(one, road, ordered, ordered + np.array([1.0] + [20.0] * 50))
    assert deliveries.told("new", "road", 30.0, Settings()).quantile(0.5) == 20
    vendor = np.repeat(["north", "south"], 400)
    times = np.tile(np.arange(400.0), 2)
    both = Deliveries(vendor, np.full(800, "road"), times, times + np.repeat([1.0, 20.0], 400))
    half_life = Settings(half_life_d=1000.0)
    assert both.told("north", "road", 430.0, half_life).quantile(0.5) == 1


def test_the_newest_count_most() -> None:
    """A supplier that became slow is told slow."""
    deliveries = delivered([5.0] * 200 + [30.0] * 200)
    assert deliveries.told("north", "road", 440.0, Settings(half_life_d=60.0)).quantile(0.5) == 30


def test_negative_days_in_a_record_are_none() -> None:
    """A delivery before its order is a wrong date."""
    assert list(delivered([-4.0, 2.0]).days) == [0.0, 2.0]


def test_lengths_that_differ_are_refused() -> None:
    """With their number."""
    with pytest.raises(BadDeliveries, match="differ in number"):
        Deliveries(np.array(["a"]), np.array(["b"]), np.array([1.0]), np.array([1.0, 2.0]))


def test_a_share_that_was_too_low_is_asked_higher() -> None:
    """Where one in five came after what nine in ten should have, more is asked; with few to judge, nothing changes."""
    received = np.arange(300.0)
    rank = np.where(np.arange(300) % 5 == 0, 0.98, 0.3)
    assert Ranks(received, rank).share(0.9, 300.0) == pytest.approx(0.94)
    assert Ranks(received[:10], rank[:10]).share(0.9, 300.0) == 0.9


def test_ranks_of_a_steady_supplier_are_even() -> None:
    """What was told of it is right, so that the share asked for is the share that comes."""
    days = np.random.default_rng(5).uniform(10, 40, 400)
    deliveries = delivered(list(np.round(days)))
    judged = ranks(deliveries, Settings(half_life_d=1000.0))
    assert judged.share(0.9, 400.0) == pytest.approx(0.9, abs=0.04)


def test_thinned_days_stand_for_the_whole() -> None:
    """For a mixture in which each lead time counts."""
    days, weights = delivered([float(day) for day in range(1, 101)]).told("north", "road", 300.0, Settings(1e6)).thinned(4)
    assert list(days) == [13.0, 38.0, 63.0, 88.0]
    assert weights.sum() == pytest.approx(1)


def test_one_late_delivery_does_not_damn_a_supplier() -> None:
    """The share leans on what is usual, and is told with its interval."""
    few, many = lateness([3.0]), lateness([3.0, -1.0] * 100)
    assert few.share < 0.2 < few.high
    assert many.share == pytest.approx(0.48, abs=0.01)
    assert many.expected_d == pytest.approx(3 * many.share)
    assert lateness([]).late_d == 0
