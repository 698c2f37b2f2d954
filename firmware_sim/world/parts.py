"""Parts on an indexed belt: what is under the camera at a moment, and what is wrong with it.

The belt is a pure function of time. A cycle is: a part enters, rests in the middle, leaves, then the belt runs empty for a
while. Part number n is drawn from (seed, n) alone, so any moment can be asked for without playing the time before it.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

DefectKind = Literal["scratch", "dent", "stain"]
DEFECT_KINDS: tuple[DefectKind, ...] = get_args(DefectKind)
BeltPhase = Literal["entering", "resting", "leaving", "empty"]


@dataclass(frozen=True)
class Defect:
    """A flaw on the part's face. x, y: centre in -1..1 of the part's half width and height; size: share of its width;
    strength: 0..1, how strongly it stands out; angle_rad: its direction; form: seed of its exact outline."""

    kind: DefectKind
    x: float
    y: float
    size: float
    angle_rad: float
    strength: float
    form: int


@dataclass(frozen=True)
class Part:
    """One stamped metal plate. Offsets are where it came to rest, relative to the middle; grain seeds its brushed face."""

    serial: int
    defect: Defect | None
    offset_x_px: float
    offset_y_px: float
    angle_deg: float
    grain: int


@dataclass(frozen=True)
class Belt:
    """An indexed belt: times of its four phases in seconds, the share of defective parts, and the seed of them all."""

    seed: int
    defect_share: float = 0.2
    enter_s: float = 0.8
    rest_s: float = 3.0
    leave_s: float = 0.8
    empty_s: float = 1.0
    defects: tuple[DefectKind, ...] = DEFECT_KINDS

    @property
    def cycle_s(self) -> float:
        """Seconds from one part to the next."""
        return self.enter_s + self.rest_s + self.leave_s + self.empty_s


@dataclass(frozen=True)
class BeltView:
    """What the camera looks at. travel: -1 just outside on the left, 0 in the middle, 1 just outside on the right;
    belt_travel: frame widths the belt itself has moved, for its texture. part is None while the belt is empty."""

    phase: BeltPhase
    part: Part | None
    travel: float
    belt_travel: float


def belt_view(belt: Belt, time_s: float) -> BeltView:
    """What lies under the camera `time_s` seconds after the belt was started. Raises ValueError for a time before it."""
    if time_s < 0:
        raise ValueError(f"the belt starts at 0 s; it has no state at {time_s} s")
    serial, into_s = int(time_s // belt.cycle_s), time_s % belt.cycle_s
    phase, share = _phase(belt, into_s)
    travel = {"entering": _eased(share) - 1.0, "resting": 0.0, "leaving": 1.0 - _eased(1.0 - share), "empty": 1.0}[phase]
    part = None if phase == "empty" else draw_part(belt.seed, serial, belt.defect_share, belt.defects)
    return BeltView(phase=phase, part=part, travel=travel, belt_travel=2.0 * serial + 1.0 + travel)


def draw_part(seed: int, serial: int, defect_share: float, kinds: tuple[DefectKind, ...] = DEFECT_KINDS) -> Part:
    """Part number `serial` of the belt with this seed: always the same one."""
    rng = np.random.default_rng((seed, serial))
    is_defective = bool(rng.random() < defect_share)
    return Part(
        serial=serial,
        defect=_draw_defect(rng, kinds) if is_defective else None,
        offset_x_px=float(rng.normal(0.0, 2.5)),
        offset_y_px=float(rng.normal(0.0, 1.5)),
        angle_deg=float(rng.normal(0.0, 0.8)),
        grain=int(rng.integers(2**31)),
    )


def _draw_defect(rng: np.random.Generator, kinds: tuple[DefectKind, ...] = DEFECT_KINDS) -> Defect:
    """A flaw of one of these kinds at any place of the face."""
    kind = kinds[rng.integers(len(kinds))]
    smallest, largest = {"scratch": (0.16, 0.42), "dent": (0.08, 0.16), "stain": (0.10, 0.22)}[kind]
    return Defect(
        kind=kind,
        x=float(rng.uniform(-0.75, 0.75)),
        y=float(rng.uniform(-0.75, 0.75)),
        size=float(rng.uniform(smallest, largest)),
        angle_rad=float(rng.uniform(0.0, np.pi)),
        strength=float(rng.uniform(0.45, 1.0)),
        form=int(rng.integers(2**31)),
    )


def _phase(belt: Belt, into_s: float) -> tuple[BeltPhase, float]:
    """The phase at this second of a cycle, and the share of it that has passed."""
    if into_s < belt.enter_s:
        return "entering", into_s / belt.enter_s
    into_s -= belt.enter_s
    if into_s < belt.rest_s:
        return "resting", into_s / belt.rest_s
    into_s -= belt.rest_s
    if into_s < belt.leave_s:
        return "leaving", into_s / belt.leave_s
    return "empty", (into_s - belt.leave_s) / belt.empty_s


def _eased(share: float) -> float:
    """Comes fast and stops softly: 0 → 0, 1 → 1, with no speed left at 1."""
    return 1.0 - (1.0 - share) ** 2
