"""A planner that may think for a moment only."""

from dataclasses import replace

from central.deciding.capability import Budget
from tests.parts import planners

CARD = replace(planners.CARD, module=__name__, heavy=Budget(time_s=0.2))
