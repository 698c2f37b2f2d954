"""Which model a kind of task runs, and what happens to that at each turn (pure).

Two slots, `a` and `b`, take turns; none means the model that ships with this program. A new model is on trial until it has
run for a while: the starts of the agent in that time are counted before the model is loaded, so that one which takes the
agent down with it is found out and the old one comes back.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec import Struct

from protocols.messages.model_release import ModelRelease

SLOTS: tuple["Slot", "Slot"] = ("a", "b")
MOST_TRIAL_BOOTS = 2  # one may be a power cut
MOST_REFUSED = 8
MOST_WHY_CHARACTERS = 300
Slot = Literal["a", "b"]


class Installed(Struct, frozen=True):
    """A release that lies complete in a slot."""

    slot: Slot
    release: ModelRelease


class Refusal(Struct, frozen=True):
    """Why an archive is not run here: it was `refused` before it ran, or `rolled_back` after."""

    state: Literal["refused", "rolled_back"]
    why: str


class Pointer(Struct, frozen=True):
    """What runs (None: what ships), what ran before, starts while on trial (None: no trial), what is refused and why."""

    current: Installed | None = None
    previous: Installed | None = None
    trial_boots: int | None = None
    refused: Mapping[str, Refusal] = {}

    @property
    def is_on_trial(self) -> bool:
        """Whether the old model may still come back."""
        return self.trial_boots is not None

    @property
    def free_slot(self) -> Slot:
        """Where a new model goes: never the slot of the one that runs."""
        return "b" if self.current is not None and self.current.slot == "a" else "a"


def switched(pointer: Pointer, installed: Installed) -> Pointer:
    """The new model runs, on trial."""
    return Pointer(installed, pointer.current, 0, _without(pointer.refused, installed.release.sha256))


def to_shipped(pointer: Pointer) -> Pointer:
    """What ships with the program runs again; nothing has to be proven of it."""
    return Pointer(None, None, None, pointer.refused)


def booted(pointer: Pointer) -> Pointer:
    """The agent starts: counted while on trial, and taken back when that was once too often."""
    if pointer.trial_boots is None:
        return pointer
    if pointer.trial_boots >= MOST_TRIAL_BOOTS:
        return taken_back(pointer, f"the agent ended {pointer.trial_boots + 1} times before the model's trial was over")
    return msgspec.structs.replace(pointer, trial_boots=pointer.trial_boots + 1)


def kept(pointer: Pointer) -> Pointer:
    """The trial is over."""
    return msgspec.structs.replace(pointer, trial_boots=None)


def taken_back(pointer: Pointer, why: str) -> Pointer:
    """The model that ran before, and the reason on record; without one before, what ships."""
    if pointer.current is None:
        return to_shipped(pointer)
    refusals = _with(pointer.refused, pointer.current.release.sha256, Refusal("rolled_back", why[:MOST_WHY_CHARACTERS]))
    return Pointer(pointer.previous, None, None, refusals)


def turned_back(pointer: Pointer) -> Pointer:
    """The model that ran before runs again because it is wanted: nothing has to be proven of it."""
    return Pointer(pointer.previous, None, None, pointer.refused)


def cleared(pointer: Pointer) -> Pointer:
    """The free slot is about to be written: what lay there can no longer come back."""
    return msgspec.structs.replace(pointer, previous=None)


def refused(pointer: Pointer, release: ModelRelease, why: str) -> Pointer:
    """An archive that will not be tried again until it is asked for anew."""
    refusal = Refusal("refused", why[:MOST_WHY_CHARACTERS])
    return msgspec.structs.replace(pointer, refused=_with(pointer.refused, release.sha256, refusal))


def asked_anew(pointer: Pointer, release: ModelRelease) -> Pointer:
    """Somebody wants the archive again: an old refusal of it counts no more."""
    return msgspec.structs.replace(pointer, refused=_without(pointer.refused, release.sha256))


def _with(refusals: Mapping[str, Refusal], sha256: str, refusal: Refusal) -> dict[str, Refusal]:
    newest = {**_without(refusals, sha256), sha256: refusal}
    return dict(list(newest.items())[-MOST_REFUSED:])


def _without(refusals: Mapping[str, Refusal], sha256: str) -> dict[str, Refusal]:
    return {known: refusal for known, refusal in refusals.items() if known != sha256}
