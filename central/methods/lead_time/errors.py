"""What can go wrong while lead times are told.

LeadTimeError
├─ BadDeliveries   arrays that do not fit each other: says their lengths
└─ NothingCame     no delivery had come by that day: says the day
"""


class LeadTimeError(ValueError):
    """Anything that keeps a lead time from being told; the message names the thing and the remedy."""


class BadDeliveries(LeadTimeError):
    """Arrays that do not fit each other."""


class NothingCame(LeadTimeError):
    """No delivery to learn from."""
