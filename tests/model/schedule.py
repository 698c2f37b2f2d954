"""A schedule: what is done to a world, in order, drawn from a seed. The same seed is the same schedule and network."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.model import steps
from tests.model.network import Weather
from tests.model.steps import Step

DAY_S = 86_400.0
Draw = Callable[[random.Random, int], Step]


@dataclass(frozen=True)
class Schedule:
    """So many devices, each with so much room for events (None: more than it needs), and the steps.

    is_narrow: batches and the sender's window are small, so that a backlog takes many turns and alarms overtake it.
    """

    seed: int
    devices: int
    steps: tuple[Step, ...]
    room_bytes: int | None = None
    is_narrow: bool = False

    def __str__(self) -> str:
        width = "narrow" if self.is_narrow else "usual"
        head = f"seed {self.seed}, {self.devices} devices with room for {self.room_bytes} bytes and {width} lines"
        return "\n".join(
            [f"{head}, {len(self.steps)} steps", *(f"  {number:3d} {step}" for number, step in enumerate(self.steps, 1))]
        )


def drawn(seed: int) -> Schedule:
    """The schedule of a seed: six to eighteen times findings, mostly some trouble, and a wait."""
    rng = random.Random(f"schedule {seed}")
    devices = rng.choice((1, 1, 2))
    some = []
    for _ in range(rng.randint(6, 18)):
        some.append(_conclude(rng, devices))
        if rng.random() < 0.6:
            some.append(rng.choices(_TROUBLE, _WEIGHTS)[0](rng, devices))
        some.append(steps.Wait(rng.choice((0.0, 0.05, 0.5, 2.0, 7.0, 20.0, 20.0, 90.0))))
    room_bytes = rng.choice((None, None, None, None, None, None, 40_000, 80_000))
    return Schedule(seed, devices, tuple(some), room_bytes, is_narrow=rng.random() < 0.3)


def _conclude(rng: random.Random, devices: int) -> Step:
    burst = rng.random() < 0.05
    return steps.Conclude(
        rng.randrange(devices), rng.randint(100, 400) if burst else rng.randint(0, 12), rng.choice((0, 0, 1, 2))
    )


def _statements(rng: random.Random) -> int:
    return rng.choice((0, rng.randint(1, 8), rng.randint(1, 40)))


def _away_s(rng: random.Random) -> float:
    return round(rng.choice((0.1, 1.0, 8.0, 40.0, 200.0)) * (0.5 + rng.random()), 2)


def _kill_device(rng: random.Random, devices: int) -> Step:
    return steps.KillDevice(rng.randrange(devices), _statements(rng), _away_s(rng), rng.random() < 0.3)


def _kill_centre(rng: random.Random, _devices: int) -> Step:
    return steps.KillCentre(_statements(rng), _away_s(rng))


def _kill_broker(rng: random.Random, _devices: int) -> Step:
    return steps.KillBroker(_away_s(rng))


def _cut(rng: random.Random, devices: int) -> Step:
    return steps.Cut(rng.randrange(devices), _away_s(rng))


def _storm(rng: random.Random, _devices: int) -> Step:
    drop, duplicate = (round(rng.choice((0.0, 0.0, 0.1, 0.4, 1.0)), 2) for _ in range(2))
    weather = Weather(rng.choice((0.05, 1.0, 15.0)), drop, duplicate, rng.random() < 0.5)
    return steps.Storm(weather, rng.random() < 0.5, _away_s(rng))


def _fill_device(rng: random.Random, devices: int) -> Step:
    return steps.FillDevice(rng.randrange(devices), _away_s(rng))


def _fill_centre(rng: random.Random, _devices: int) -> Step:
    return steps.FillCentre(_away_s(rng))


def _jump_s(rng: random.Random) -> float:
    return rng.choice((-20 * 365 * DAY_S, -DAY_S, -60.0, 5.0, 3600.0, DAY_S, 400 * DAY_S))


def _set_device_clock(rng: random.Random, devices: int) -> Step:
    return steps.SetDeviceClock(rng.randrange(devices), _jump_s(rng))


def _set_centre_clock(rng: random.Random, _devices: int) -> Step:
    return steps.SetCentreClock(_jump_s(rng))


def _back_up(_rng: random.Random, _devices: int) -> Step:
    return steps.BackUp()


def _restore(_rng: random.Random, _devices: int) -> Step:
    return steps.Restore()


_TROUBLE: tuple[Draw, ...] = (
    _kill_device, _kill_centre, _kill_broker, _cut, _storm, _fill_device, _fill_centre, _set_device_clock, _set_centre_clock,
    _back_up, _restore,
)  # fmt: skip
_WEIGHTS = (6, 6, 4, 3, 5, 2, 2, 2, 1, 1, 1)
