"""When a boot began: better knowledge replaces worse, in whatever order it comes."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.ingest.dating import Hint, began_ms, is_sure, learned, occurred_at
from central.store.boots import Boot
from tests.makers import NOON

HOUR_MS = 3_600_000


def hint(latest_ms: int, is_heard: bool = False, claim_ms: int | None = None, clock: str | None = None) -> Hint:
    """What a message says of the boot."""
    return Hint("eye-01", "one", 1, latest_ms, is_heard, claim_ms, clock)


def known(*hints: Hint) -> Boot:
    """After these."""
    boot: Boot | None = None
    for one in hints:
        boot = learned(boot, one)
    assert boot is not None
    return boot


BOUND, HEARD = hint(9 * HOUR_MS), hint(5 * HOUR_MS, is_heard=True)
ESTIMATED = hint(9 * HOUR_MS, claim_ms=4 * HOUR_MS, clock="estimated")
CHIP = hint(9 * HOUR_MS, claim_ms=3 * HOUR_MS, clock="rtc")
NTP = hint(9 * HOUR_MS, claim_ms=2 * HOUR_MS, clock="ntp")
BEST_LAST = [BOUND, ESTIMATED, HEARD, CHIP, NTP]


@pytest.mark.parametrize("upto", range(1, 6))
def test_the_best_source_counts_whatever_came_first(upto: int) -> None:
    """NTP, the clock chip, a message of the moment, an estimate, the bound."""
    began = {began_ms(known(*order)) for order in permutations(BEST_LAST[:upto])}
    assert began == {(9 - (0, 5, 4, 6, 7)[upto - 1]) * HOUR_MS}


def test_only_clocks_that_deserve_it_make_it_sure() -> None:
    """And not when they claim what is impossible."""
    assert is_sure(known(CHIP))
    assert not is_sure(known(HEARD, ESTIMATED))
    assert not is_sure(known(hint(HOUR_MS, claim_ms=9 * HOUR_MS, clock="ntp")))


def test_an_estimate_after_its_events_came_is_none() -> None:
    """Nothing comes before it occurred."""
    assert began_ms(known(hint(HOUR_MS, claim_ms=4 * HOUR_MS, clock="estimated"))) == HOUR_MS


def test_the_way_of_a_message_moves_nothing() -> None:
    """Two seconds sooner or later are no news, and cost no writing."""
    boot = known(HEARD)
    assert learned(boot, hint(5 * HOUR_MS - 1_999, is_heard=True)) is boot
    assert began_ms(learned(boot, hint(5 * HOUR_MS - 2_001, is_heard=True))) == 5 * HOUR_MS - 2_001


@given(st.lists(st.sampled_from(BEST_LAST), min_size=1), st.integers(0, 10**9), st.sampled_from(["bad", "estimated"]))
def test_events_of_a_boot_keep_their_distances(hints: list[Hint], monotonic_ms: int, clock: str) -> None:
    """Whatever is known of it, and however wrong the wall clock was in between."""
    boot, long_ago = known(*hints), datetime(1970, 1, 1, tzinfo=UTC) - timedelta(days=9)
    first, second = (occurred_at(boot, clock, long_ago, ms, NOON) for ms in (monotonic_ms, monotonic_ms + 60_000))
    assert second - first == timedelta(minutes=1)


def test_a_monotonic_time_beyond_all_calendars_is_survived() -> None:
    """The device counts wrongly; what it says stands, but never in the future."""
    assert occurred_at(known(BOUND), "bad", NOON + timedelta(days=1), 2**53 - 1, NOON) == NOON
