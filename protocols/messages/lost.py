"""Declared loss: it stands in the sequence at `first`, and the cursor passes over the range to `last`."""

from typing import Literal

from msgspec import Struct

from protocols.envelope import Number, Sequence


class Lost(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a device could not deliver and why. `kinds` counts what was lost by message kind."""

    first: Sequence
    last: Sequence
    reason: Literal["refused", "evicted", "corrupt"]
    kinds: dict[str, Number] = {}
