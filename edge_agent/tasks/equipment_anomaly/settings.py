"""How a machine is watched."""

from typing import Annotated

from msgspec import Meta, Struct


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Defaults suit one reading a second and a machine that runs for hours."""

    learn_s: Annotated[
        float,
        Meta(ge=20, le=1_209_600, title="Learning time (s)", description="Steady running from which normal is learned."),
    ] = 400.0
    window_s: Annotated[
        float, Meta(ge=5, le=3600, title="Summary window (s)", description="Length of one summary of all channels.")
    ] = 60.0
    on_delay_s: Annotated[
        float, Meta(ge=0, le=3600, title="On delay (s)", description="How long a limit must be exceeded before it is said.")
    ] = 5.0
    off_delay_s: Annotated[
        float, Meta(ge=0, le=86_400, title="Off delay (s)", description="How long all must be well before the end is said.")
    ] = 30.0
    alarms_per_month: Annotated[
        float,
        Meta(
            ge=0.1,
            le=100,
            title="False alarms a month",
            description="Budget for one machine: limits are set so that a healthy one alarms about so often.",
        ),
    ] = 1.5
    sensitivity: Annotated[
        float, Meta(ge=0.25, le=4, title="Sensitivity", description="2 halves the learned limits, 0.5 doubles them.")
    ] = 1.0
