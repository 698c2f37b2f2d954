"""Who is killed when: a script of outages, drawn from a seed, that the product and its peers are put through alike."""

import random
from dataclasses import dataclass
from typing import Literal

COMMIT_EVENTS, PACE_S = 10, 0.01  # how the edge concludes them
Victim = Literal["edge", "broker", "centre"]
VICTIMS: tuple[Victim, ...] = ("edge", "broker", "centre")


@dataclass(frozen=True)
class Outage:
    """kill -9 of one program once the edge has concluded so many events; it is started again later."""

    victim: Victim
    at_event: int
    away_s: float


@dataclass(frozen=True)
class Script:
    """So many events in all, and the outages in order."""

    seed: int
    events: int
    outages: tuple[Outage, ...]

    def __str__(self) -> str:
        return "\n".join([f"seed {self.seed}, {self.events} events", *(f"  {outage}" for outage in self.outages)])


def script(seed: int, events: int) -> Script:
    """Three to five outages, each of the programs at least once."""
    rng = random.Random(f"outages {seed}")
    victims = [*VICTIMS, *rng.choices(VICTIMS, k=rng.randint(0, 2))]
    rng.shuffle(victims)
    moments = sorted(rng.sample(range(10, events), len(victims)))
    away_s = [round(rng.uniform(0.0, 0.4), 2) for _ in victims]
    return Script(seed, events, tuple(map(Outage, victims, moments, away_s)))
