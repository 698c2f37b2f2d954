"""The schedule of what goes wrong: how severe each machine fault is at a moment, and how a faulty sensor distorts.

The whole schedule repeats. A machine fault rises linearly from 0 to its severity and is repaired at its end; what that
severity does is physics (machine.py, shaking.py: bearing wear grows exponentially with it). A sensor fault leaves the
machine as it is and changes only what is reported; faults of the wire itself are in wire.py.
"""

from collections.abc import Mapping

import numpy as np

from firmware_sim.scene import UNIT_FAULTS, Channel, Faults, MachineFault, MachineFaultKind, SensorFault

SPIKE_SHARE = 0.05  # share of the readings of a spiking sensor that are wrong


def severities(faults: Faults, machine_id: str, time_s: float) -> dict[MachineFaultKind, float]:
    """Severity 0..1 of each kind of fault the machine has at this moment; kinds it does not have are left out."""
    present: dict[MachineFaultKind, float] = {}
    for fault in faults.machine:
        severity = _severity(fault, time_s % faults.repeat_s)
        if fault.machine == machine_id and severity > 0.0:
            present[fault.kind] = max(severity, present.get(fault.kind, 0.0))
    return present


def open_sensor_faults(faults: Faults, machine_id: str, time_s: float) -> tuple[SensorFault, ...]:
    """The sensor faults of the machine at this moment."""
    phase_s = time_s % faults.repeat_s
    return tuple(
        fault
        for fault in faults.sensor
        if fault.machine == machine_id and fault.start_s <= phase_s < fault.start_s + fault.lasts_s
    )


def reported(
    values: Mapping[Channel, float],
    before: Mapping[Channel, float],
    open_faults: tuple[SensorFault, ...],
    phase_s: float,
    rng: np.random.Generator,
) -> dict[Channel, float] | None:
    """What reaches the bus of `values`, None while the unit is silent; `before` is what was reported last."""
    said = dict(values)
    for fault in open_faults:
        if fault.kind in UNIT_FAULTS:
            return None
        if fault.channel is not None and fault.channel in said:
            said[fault.channel] = _distorted(fault, said[fault.channel], before.get(fault.channel), phase_s, rng)
    return said


def _severity(fault: MachineFault, phase_s: float) -> float:
    age_s = phase_s - fault.start_s
    if not 0.0 <= age_s < fault.lasts_s:
        return 0.0
    return fault.severity * min(age_s / fault.ramp_s, 1.0)


def _distorted(fault: SensorFault, value: float, before: float | None, phase_s: float, rng: np.random.Generator) -> float:
    match fault.kind:
        case "stuck":
            return value if before is None else before
        case "bias":
            return value + fault.amount
        case "drift":
            return value + fault.amount * (phase_s - fault.start_s) / 3600.0
        case "spikes":
            return value + fault.amount * float(rng.random() < SPIKE_SHARE)
        case "quantisation":
            return round(value / fault.amount) * fault.amount
        case "swapped_words" | "dropout" | "exception":
            return value
