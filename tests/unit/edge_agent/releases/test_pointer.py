"""Two slots take turns, and a model that fails its trial gives way to the one before."""

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.releases import pointer as turns
from edge_agent.releases.pointer import MOST_REFUSED, MOST_TRIAL_BOOTS, Installed, Pointer
from protocols.messages.model_release import ModelRelease


def release(number: int) -> ModelRelease:
    """One of many."""
    return ModelRelease(model=f"shelf-{number}", url="http://c/x", sha256=f"sha256:{number:064x}", size_bytes=1)


def installed(pointer: Pointer, number: int) -> Pointer:
    """A new model in the free slot."""
    return turns.switched(pointer, Installed(pointer.free_slot, release(number)))


TURNS = st.lists(st.one_of(st.integers(0, 20), st.sampled_from(["boot", "keep", "back", "shipped", "turn"])), max_size=30)


@given(TURNS)
def test_the_slot_that_runs_is_never_the_free_one(steps: list[int | str]) -> None:
    """Whatever happens, what runs, and what may come back while on trial, is not written over."""
    pointer = Pointer()
    moves = {"boot": turns.booted, "keep": turns.kept, "back": lambda p: turns.taken_back(p, "why"),
             "shipped": turns.to_shipped, "turn": turns.turned_back}  # fmt: skip
    for step in steps:
        if isinstance(step, int):
            if pointer.is_on_trial:
                continue
            pointer = installed(pointer, step)
        else:
            pointer = moves[step](pointer)
        assert pointer.current is None or pointer.free_slot != pointer.current.slot
        if pointer.is_on_trial and pointer.previous and pointer.current:
            assert pointer.previous.slot != pointer.current.slot
        assert len(pointer.refused) <= MOST_REFUSED


def test_a_model_that_ends_the_agent_too_often_is_taken_back_with_the_reason() -> None:
    """Its trial starts are counted; the model before it runs again, and the new one is not tried again."""
    old = turns.kept(installed(Pointer(), 1))
    pointer = installed(old, 2)
    for _ in range(MOST_TRIAL_BOOTS):
        pointer = turns.booted(pointer)
        assert pointer.current is not None
        assert pointer.current.release == release(2)
    pointer = turns.booted(pointer)
    assert pointer.current == old.current
    assert pointer.refused[release(2).sha256].state == "rolled_back"
    assert "3 times" in pointer.refused[release(2).sha256].why


def test_starts_after_the_trial_do_not_count() -> None:
    """A model that has lasted may see any number of starts."""
    pointer = turns.kept(installed(Pointer(), 1))
    assert turns.booted(turns.booted(turns.booted(pointer))) == pointer


def test_asking_anew_forgets_a_refusal() -> None:
    """Somebody has mended what was wrong."""
    pointer = turns.refused(Pointer(), release(1), "no room")
    assert turns.asked_anew(pointer, release(1)).refused == {}
