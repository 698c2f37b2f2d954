"""What maintenance is given and proposes: machines with their health, crews, parts, hours; a work order. Values only."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from central.deciding import outcome

MOST_MONEY = 1e9
MOST_MINUTE = 10**10
Minute = Annotated[int, Field(ge=-MOST_MINUTE, le=MOST_MINUTE)]  # since 1970
Minutes = tuple[tuple[Minute, Minute], ...]  # begin and end of stretches
Cost = Annotated[float, Field(ge=0, le=MOST_MONEY)]
Days = Annotated[float, Field(ge=0, le=36_500)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class Params(BaseModel, frozen=True, extra="forbid"):
    """How work on machines is planned."""

    horizon_d: float = Field(default=14.0, ge=1, le=60, description="Days that a plan looks ahead.")
    alarm_within_h: float = Field(
        default=96.0, gt=0, le=1440, description="Hours within which a likely fault must be seen to."
    )
    least_notice_h: float = Field(default=2.0, ge=0, le=168, description="Hours a crew is told before it begins.")
    frozen_h: float = Field(default=24.0, ge=0, le=336, description="Hours ahead in which a proposal is not moved any more.")
    change_cost: float = Field(
        default=50.0, ge=0, le=1e6, description="What moving a proposal must save at least, in money."
    )
    labour_per_h: float = Field(default=60.0, ge=0, le=1e5, description="What an hour of a crew costs, in money.")
    warning_pf_d: float = Field(
        default=45.0, gt=0, le=3650, description="Days from a warning to failure in the median case."
    )
    alarm_pf_d: float = Field(default=10.0, gt=0, le=3650, description="Days from an alarm to failure in the median case.")
    failure_ratio: float = Field(default=5.0, gt=1, le=1000, description="Score at failure, as a multiple of its limit.")
    believed_true: float = Field(
        default=0.5, ge=0, le=1, description="Share of alarms that are faults, before any is known."
    )
    believed_shape: float = Field(default=2.5, ge=0.5, le=10, description="Weibull shape where too few failures are known.")
    respect_d: float = Field(
        default=7.0, ge=0, le=365, description="Days a rejection holds, unless an alarm comes after it."
    )


class Health(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """What the sensors say. ratio: score as a multiple of its limit; ratio_per_d: by how much it rises a day, if clear."""

    condition: Literal["normal", "warning", "alarm", "sensor"]
    since: AwareDatetime | None = None
    ratio: float = Field(ge=0, le=1e6)
    ratio_per_d: float | None = Field(default=None, ge=-1e6, le=1e6)


class Placed(BaseModel, frozen=True, extra="forbid"):
    """Where an earlier plan put the work; is_ordered: a person accepted it."""

    crew: Name
    begin: Minute
    end: Minute
    is_ordered: bool


class Asset(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """One machine. age_d: since it was new or renewed; found_true, found_false: of its class, by work orders; windows: when
    it may stop."""

    machine: Name
    asset_class: Name
    age_d: Days
    life_d: float | None = Field(default=None, gt=0, le=36_500)
    minutes: int = Field(ge=15, le=10_080)
    skills: tuple[str, ...]
    parts: dict[str, Annotated[int, Field(ge=1, le=10_000)]]
    windows: Minutes
    breakdown_cost: Cost
    renewal_cost: Cost
    health: Health | None
    found_true: int = Field(default=0, ge=0, le=10**6)
    found_false: int = Field(default=0, ge=0, le=10**6)
    placed: Placed | None = None
    rejected_at: AwareDatetime | None = None


class KnownLife(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """One life of a class of machines: its age at failure, or so far."""

    asset_class: Name
    age_d: Days
    has_failed: bool


class Crew(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """Who can do what, and when they work."""

    crew: Name
    skills: tuple[str, ...]
    shifts: Minutes
    overtime_per_h: Cost = 0.0


class Part(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """A spare part: how many lie there, and how long until more come; express is None where there is none."""

    part: Name
    on_hand: int = Field(ge=-(10**6), le=10**6)
    lead_time_d: Days
    unit_cost: Cost = 0.0
    express_lead_time_d: Days | None = None
    express_cost: Cost = 0.0


class Inputs(outcome.Inputs, frozen=True):
    """Every machine of a site, for the decision about one of them; production: when a standing machine costs something."""

    as_of: AwareDatetime
    machine: Name
    assets: tuple[Asset, ...]
    lives: tuple[KnownLife, ...]
    crews: tuple[Crew, ...]
    parts: tuple[Part, ...]
    production: Minutes
    stop_cost_per_h: Cost
    currency: str = Field(pattern=r"^[A-Z]{3}$")


class WorkOrder(outcome.Proposal, frozen=True):
    """Work on a machine. inspect: a fault was seen and is looked for; renew: what wears is replaced before it fails."""

    machine: str
    task: Literal["inspect", "renew"]
    crew: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    parts: dict[str, int]

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "WorkOrder":
        if self.ends_at <= self.starts_at:
            raise ValueError(f"work that begins {self.starts_at} cannot end {self.ends_at}: choose a later end")
        return self
