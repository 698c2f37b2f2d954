"""What can go wrong while stock levels are worked out.

InventoryError
├─ BadHistory   arrays that do not fit each other: says which shapes disagree
└─ TooShort     not enough days for what is asked: says how many there are and how many it takes
"""


class InventoryError(ValueError):
    """Anything that keeps a stock level from being told; the message names the thing and the remedy."""


class BadHistory(InventoryError):
    """Arrays that do not fit each other."""


class TooShort(InventoryError):
    """A history too short for what is asked."""
