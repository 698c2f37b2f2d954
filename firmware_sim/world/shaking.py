"""How strongly a machine shakes: RMS velocity across and along its shaft, by what is wrong with it.

Sources are independent, so their powers add. Imbalance is m e w²; bearing wear grows exponentially with its severity; a
shaft out of line shakes along itself more than across; looseness rattles more under load; cavitation is noise in the fluid.
"""

import math
from collections.abc import Mapping

import numpy as np

from firmware_sim.scene import MachineFaultKind, Vibration
from firmware_sim.world.numbers import Number

Severities = Mapping[MachineFaultKind, float]
WEAR_GROWTH = 4.0  # e-folds of bearing vibration from the first pit to failure
AXIAL_MISALIGNMENT = 1.5  # of what a shaft out of line does across itself
AXIAL_OTHERS = 0.3  # of what any other fault does across the shaft


def worn(severity: float) -> float:
    """Bearing vibration as a share of that at failure."""
    return math.expm1(WEAR_GROWTH * severity) / math.expm1(WEAR_GROWTH)


def vibration_mm_s(vibration: Vibration, speed_share: Number, load: Number, severities: Severities) -> Number:
    """RMS velocity across the shaft at the bearing; speed_share: speed over synchronous speed."""
    aligned = vibration.misalignment_mm_s * severities.get("misalignment", 0.0) * speed_share**2
    healthy = vibration.healthy_mm_s * (0.9 + 0.2 * load) * speed_share**2
    rms: Number = np.hypot(np.hypot(healthy, aligned), _others(vibration, speed_share, load, severities))
    return rms


def axial_mm_s(
    vibration: Vibration, axial_share: float, speed_share: Number, load: Number, severities: Severities
) -> Number:
    """RMS velocity along the shaft."""
    misaligned = AXIAL_MISALIGNMENT * vibration.misalignment_mm_s * severities.get("misalignment", 0.0) * speed_share**2
    healthy = axial_share * vibration.healthy_mm_s * (0.9 + 0.2 * load) * speed_share**2
    others = AXIAL_OTHERS * _others(vibration, speed_share, load, severities)
    rms: Number = np.hypot(np.hypot(healthy, misaligned), others)
    return rms


def _others(vibration: Vibration, speed_share: Number, load: Number, severities: Severities) -> Number:
    imbalance = vibration.imbalance_mm_s * severities.get("imbalance", 0.0) * speed_share**2
    turning = vibration.bearing_mm_s * worn(severities.get("bearing_wear", 0.0)) * speed_share
    loose = vibration.looseness_mm_s * severities.get("looseness", 0.0) * (0.5 + 0.5 * load) * speed_share
    cavitating = vibration.cavitation_mm_s * severities.get("cavitation", 0.0) * speed_share
    rms: Number = np.hypot(np.hypot(imbalance, turning), np.hypot(loose, cavitating))
    return rms
