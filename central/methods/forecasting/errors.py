"""What can go wrong while forecasting.

ForecastError
├─ BadPanel      histories, inputs and attributes do not fit each other: says which shape disagrees
└─ TooLittle     not enough periods for what is asked: says how many there are and how many it takes
"""


class ForecastError(ValueError):
    """Anything that keeps a forecast from being made; the message names the thing and the remedy."""


class BadPanel(ForecastError):
    """Arrays that do not fit each other."""


class TooLittle(ForecastError):
    """A history too short for what is asked."""
