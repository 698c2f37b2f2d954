"""Planners that behave as badly as a planner can, for those that must live with them."""

import os
import sys
import time
from dataclasses import replace
from typing import Any

from central.capabilities.supply.inventory.card import CARD as GOOD
from central.capabilities.supply.inventory.model import Inputs, Params, Replenishment
from central.deciding.capability import Budget, Challenger
from central.deciding.outcome import Outcome

MANNERS = ("hangs", "eats", "dies", "raises", "chatters")


def decide(inputs: Inputs, params: Params) -> Outcome[Replenishment]:
    """What the item is called says how it behaves; by any other name it decides as it should."""
    if inputs.sku == "hangs":
        time.sleep(600)
    if inputs.sku == "eats":
        eaten = [bytearray(os.urandom(1 << 20)) for _ in range(2000)]
        time.sleep(600 + len(eaten))
    if inputs.sku == "dies":
        os._exit(3)
    if inputs.sku == "raises":
        raise ArithmeticError("no such stock")
    if inputs.sku == "chatters":
        sys.stdout.write("thinking aloud\n")
    return GOOD.decide(inputs, params)


def _other(inputs: Inputs, params: Params) -> Outcome[Replenishment]:
    """Always a pack more."""
    outcome: Outcome[Any] = GOOD.decide(inputs, params)
    if outcome.proposal is None or outcome.effect is None:
        return outcome
    more: Replenishment = outcome.proposal
    added = more.model_copy(update={"packs": more.packs + 1, "units": more.units + more.pack_size})
    spent = replace(outcome.effect, amount=outcome.effect.amount * added.units / more.units)
    return replace(outcome, proposal=added, effect=spent)


CARD = replace(
    GOOD,
    module=__name__,
    decide=decide,
    heavy=Budget(time_s=20.0, memory_mb=300),
    challenger=Challenger("a-pack-more", _other),
)
