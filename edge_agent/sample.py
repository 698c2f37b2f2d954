"""What a source yields and a task sees: a frame of a camera, or one reading of a machine's channels."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from protocols.envelope import Clock

if TYPE_CHECKING:  # a device that only listens to machines does not pay for numpy here
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Frame:
    """One picture. `pixels`: (h, w, 3) uint8 BGR; `taken_at` is UTC; `monotonic_ms` belongs to the boot.

    veil: boxes (x, y, width, height, fractions) of moving things that must not leave the device.
    """

    source_id: str
    taken_at: datetime
    monotonic_ms: int
    clock: Clock
    pixels: "NDArray[np.uint8]"
    veil: tuple[tuple[float, float, float, float], ...] = ()


@dataclass(frozen=True)
class Reading:
    """All channels of one machine at one moment. `values`: channel → value in its unit, None where it is missing."""

    source_id: str
    taken_at: datetime
    monotonic_ms: int
    clock: Clock
    asset: str
    values: Mapping[str, float | None]


Sample = Frame | Reading
