"""The whole site advancing through time: machines, shelves and belt of one scene, from one seed.

Time moves on a fixed grid, of `TICK_S` unless told otherwise, so the same scene and seed give the same world however fast or
unevenly it is asked to advance. Everything kept between ticks is an immutable value: another thread may read while this one
advances.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from firmware_sim.scene import Channel, Machine, MachineFaultKind, Scene, SensorFault
from firmware_sim.scene import Shelf as ShelfPlan
from firmware_sim.world.duty import running_s
from firmware_sim.world.faults import open_sensor_faults, reported, severities
from firmware_sim.world.machine import Heat, quantities, sensed, settled_heat, warmed
from firmware_sim.world.machine import load_share as machine_load
from firmware_sim.world.parts import Belt, BeltView, Part, belt_view
from firmware_sim.world.shelf import CartonGrid, CartonLook, Shelf, bgr_of
from firmware_sim.world.trade import Movement, Stall, Standing, open_stalls, resumed, standing, traded

TICK_S = 0.1


@dataclass(frozen=True)
class MachineState:
    """A machine at a moment. truth: what its quantities are; reported: what its unit says, None while it is silent.

    sensor_faults: open now. started_s: when somebody starts it by hand, or did, in simulated seconds; -inf: nobody had to.
    """

    machine: Machine
    heat: Heat
    severities: Mapping[MachineFaultKind, float]
    truth: Mapping[Channel, float]
    reported: Mapping[Channel, float] | None
    sensor_faults: tuple[SensorFault, ...] = ()
    started_s: float = -math.inf

    def running_s(self, time_s: float) -> float:
        """Seconds since it was switched on, by its duty or by hand; 0 while it stands."""
        return max(0.0, min(running_s(self.machine.duty, time_s), time_s - self.started_s))


class Warehouse:
    """The world of a scene. `advance` moves it; the attributes say how it is."""

    def __init__(self, scene: Scene, seed: int, start_s: float = 0.0, tick_s: float = TICK_S) -> None:
        """start_s: the moment of the schedule, of the day and of every cycle at which the machines' world begins."""
        self.scene = scene
        self.tick_s = tick_s
        self.ticks = round(start_s / tick_s)
        # A generator for each part of the world, so that one more machine does not change what customers buy.
        trade_seed, belt_seed, *machine_seeds = np.random.SeedSequence(seed).spawn(2 + len(scene.machines))
        self._trade_rng = np.random.default_rng(trade_seed)
        self._machine_rngs = [np.random.default_rng(machine_seed) for machine_seed in machine_seeds]
        self._belt = _belt(scene, int(belt_seed.generate_state(1)[0]))
        self.stalls: tuple[Stall, ...] = open_stalls(scene, [_shelf(scene, plan) for plan in scene.shelves])
        self.machines: tuple[MachineState, ...] = tuple(_rested(scene, machine, self.time_s) for machine in scene.machines)
        self.rejected: Mapping[int, float] = {}  # serial of a part → when the gate threw it out
        self.gate_openings: tuple[tuple[float, int | None], ...] = ()  # when, and the serial of what it threw out

    @property
    def time_s(self) -> float:
        """Simulated seconds since the scene's zero."""
        return self.ticks * self.tick_s

    def advance(self, to_s: float) -> list[Movement]:
        """Move on to the last tick at or before `to_s`; gives what moved on the shelves, in order."""
        movements: list[Movement] = []
        while (self.ticks + 1) * self.tick_s <= to_s:
            movements += self._tick()
        return movements

    def standing(self) -> dict[str, Standing]:
        """By location, what is to be kept of the shelves until the next run."""
        return {stall.shelf.location: standing(stall, self.time_s) for stall in self.stalls}

    def resume(self, kept: Mapping[str, Standing]) -> None:
        """Put the shelves back as they were kept; one that is not named stays as it is. Raises ValueError."""
        self.stalls = tuple(
            resumed(stall, kept[stall.shelf.location], self.time_s) if stall.shelf.location in kept else stall
            for stall in self.stalls
        )

    def shelves_seen_by(self, camera_id: str) -> tuple[Shelf, ...]:
        """The shelves in one camera's frame as they are now, in the scene's order."""
        pairs = zip(self.scene.shelves, self.stalls, strict=True)
        return tuple(stall.shelf for plan, stall in pairs if plan.camera == camera_id)

    def belt_view(self, time_s: float) -> BeltView:
        """What lies under the belt's camera at a moment; nothing, where the gate has thrown it out."""
        view = belt_view(self._belt, time_s)
        is_gone = view.part is not None and self.rejected.get(view.part.serial, math.inf) <= time_s
        return replace(view, phase="empty", part=None) if is_gone else view

    def reject(self) -> Part | None:
        """The gate throws out the part that lies under the camera now; which, if one does."""
        part = self.belt_view(self.time_s).part
        self.gate_openings = (*self.gate_openings, (self.time_s, None if part is None else part.serial))
        if part is not None:
            self.rejected = {**self.rejected, part.serial: self.time_s}
        return part

    def stop(self, index: int) -> None:
        """A machine is stopped, until somebody starts it again."""
        state = self.machines[index]
        stopped = replace(state, started_s=self.time_s + (state.machine.restart_s or 0.0))
        self.machines = (*self.machines[:index], stopped, *self.machines[index + 1 :])

    def is_stopped(self, index: int) -> bool:
        """Whether a machine stands still because it was stopped."""
        return self.machines[index].started_s > self.time_s

    def _tick(self) -> list[Movement]:
        before_s, self.ticks = self.time_s, self.ticks + 1
        self.machines = tuple(
            _ran(self.scene, state, self.time_s, self.tick_s, rng)
            for state, rng in zip(self.machines, self._machine_rngs, strict=True)
        )
        self.stalls, movements = traded(self.stalls, self.scene.trade, before_s, self.time_s, self._trade_rng)
        return movements


def _ran(scene: Scene, state: MachineState, time_s: float, tick_s: float, rng: np.random.Generator) -> MachineState:
    """A machine one tick later."""
    machine, faults = state.machine, scene.faults
    present = severities(faults, machine.id, time_s)
    sensor_faults = open_sensor_faults(faults, machine.id, time_s)
    on_s = state.running_s(time_s)
    load = machine_load(machine.load, time_s, present.get("leak", 0.0)) if on_s > 0.0 else 0.0
    heat = warmed(machine.thermal, state.heat, load, present.get("overheating", 0.0), tick_s)
    truth = quantities(machine, heat, present, time_s, on_s)
    said = reported(sensed(truth, rng), state.reported or {}, sensor_faults, time_s % faults.repeat_s, rng)
    return replace(state, heat=heat, severities=present, truth=truth, reported=said, sensor_faults=sensor_faults)


def _rested(scene: Scene, machine: Machine, time_s: float) -> MachineState:
    """A machine that has run healthily, or stood, for hours when the world begins."""
    on_s, present = running_s(machine.duty, time_s), severities(scene.faults, machine.id, time_s)
    heat = settled_heat(machine) if on_s > 0.0 else Heat(0.0, 0.0)
    truth = quantities(machine, heat, present, time_s, on_s)
    return MachineState(machine, heat, present, truth, truth)


def _shelf(scene: Scene, plan: ShelfPlan) -> Shelf:
    carton = scene.sku(plan.sku).carton
    look = CartonLook(bgr_of(carton.body), bgr_of(carton.accent), carton.print, carton.tape)
    return Shelf(plan.id, plan.sku, CartonGrid(plan.columns, plan.rows, plan.boards), plan.starting_units, look)


def _belt(scene: Scene, seed: int) -> Belt:
    plan = scene.belt
    return Belt(seed, plan.defect_share, plan.enter_s, plan.rest_s, plan.leave_s, plan.empty_s, plan.defects)
