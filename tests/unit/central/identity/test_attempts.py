"""Guessing passwords: what makes it slow, and whom it does not touch."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from central.identity.attempts import FORGOTTEN_AFTER, FREE_OF_ADDRESS, FREE_OF_NAME, LONGEST_WAIT, Attempts, keys_of

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NONE = timedelta()


def test_guesses_of_one_name_wait_longer_and_longer() -> None:
    """A few are free, then each wrong one doubles the wait, up to the longest; the address does not matter."""
    attempts, now, waits = Attempts(), NOW, []
    for number in range(FREE_OF_NAME + 7):
        wait = attempts.begin(keys_of("li", f"10.0.0.{number}"), now)
        waits.append(wait.total_seconds())
        now += wait
        if wait:
            assert attempts.begin(keys_of("li", f"10.0.0.{number}"), now) == NONE
    assert waits == [0] * FREE_OF_NAME + [1, 2, 4, 8, 16, 30, 30]


def test_guesses_from_one_address_wait_whatever_the_name() -> None:
    """Trying one password on everybody is slow as well; another address is not kept waiting."""
    attempts = Attempts()
    for number in range(FREE_OF_ADDRESS):
        assert attempts.begin(keys_of(f"person-{number}", "10.0.0.1"), NOW) == NONE
    assert attempts.begin(keys_of("li", "10.0.0.1"), NOW) > NONE
    assert attempts.begin(keys_of("li", "10.0.0.2"), NOW) == NONE


def test_a_right_password_does_not_count() -> None:
    """A shift that signs in from one address is not kept waiting."""
    attempts = Attempts()
    for number in range(3 * FREE_OF_ADDRESS):
        keys = keys_of(f"person-{number % 4}", "10.0.0.1")
        assert attempts.begin(keys, NOW) == NONE
        attempts.was_right(keys, NOW)


def test_guesses_are_forgotten() -> None:
    """After a quiet quarter of an hour the first tries are free again."""
    attempts, keys = Attempts(), keys_of("li", None)
    while attempts.begin(keys, NOW) == NONE:
        pass
    assert attempts.begin(keys, NOW + FORGOTTEN_AFTER + timedelta(seconds=1)) == NONE
    assert attempts.begin(keys, NOW + FORGOTTEN_AFTER + timedelta(seconds=1)) == NONE


def test_a_flood_of_names_takes_no_memory() -> None:
    """Of more names than are kept, the oldest are forgotten, and a name as long as a book is cut."""
    attempts = Attempts(most_kept=4)
    for _ in range(FREE_OF_NAME):
        attempts.begin(keys_of("li", "10.0.0.1"), NOW)
    assert attempts.begin(keys_of("li", "10.0.0.2"), NOW) > NONE
    for number in range(4):
        attempts.begin(keys_of(f"person-{number}", f"10.0.1.{number}"), NOW)
    assert attempts.begin(keys_of("li", "10.0.0.2"), NOW) == NONE
    assert len(keys_of("x" * 10_000, None)[0].value) < 100


@given(st.lists(st.integers(0, 120), max_size=60))
def test_nobody_waits_longer_than_the_longest(steps_s: list[int]) -> None:
    """However the tries fall in time, the owner of a name is back within half a minute."""
    attempts, now = Attempts(), NOW
    for step_s in steps_s:
        now += timedelta(seconds=step_s)
        assert NONE <= attempts.begin(keys_of("li", "10.0.0.1"), now) <= LONGEST_WAIT
