"""How often a worn part of a rolling bearing strikes, as multiples of the shaft's speed."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class BearingOrders:
    """Multiples of the shaft frequency: ball passes over outer and inner race, and a ball's defect striking both races."""

    outer_race: float
    inner_race: float
    ball: float


@dataclass(frozen=True)
class BearingGeometry:
    """Of a bearing whose inner ring turns. Diameters in mm, contact angle in degrees."""

    balls: int
    ball_diameter_mm: float
    pitch_diameter_mm: float
    contact_angle_deg: float = 0.0

    def orders(self) -> BearingOrders:
        """The kinematic orders without slip (Harris, Rolling Bearing Analysis, ch. 25). Raises ValueError."""
        if self.balls < 3 or not 0 < self.ball_diameter_mm < self.pitch_diameter_mm:
            raise ValueError("a bearing has at least 3 balls, smaller than its pitch diameter: check the data sheet")
        share = self.ball_diameter_mm / self.pitch_diameter_mm * math.cos(math.radians(self.contact_angle_deg))
        return BearingOrders(
            outer_race=self.balls / 2 * (1 - share),
            inner_race=self.balls / 2 * (1 + share),
            ball=self.pitch_diameter_mm / self.ball_diameter_mm * (1 - share**2),
        )
