"""Whether an order keeps the supplier's rules and the budget, a person's order too: by the inputs alone. Pure."""

from collections.abc import Mapping
from types import MappingProxyType

from central.capabilities.supply.procurement.asking import asked
from central.capabilities.supply.procurement.facts import Inputs, Order, Params
from central.deciding.outcome import Reason, Violation
from central.methods.buying.checker import Fault, faults
from central.methods.buying.problem import Purchase

RULES: Mapping[str, str] = MappingProxyType(
    {
        "least": "buy_at_least",
        "step": "buy_whole_packs",
        "most": "buy_at_most",
        "life": "buy_what_sells",
        "least_value": "add_lines",
        "budget": "buy_less",
        "order_day": "wait_for_day",
        "not_offered": "leave_it_out",
        "bought_twice": "leave_it_out",
        "container": "add_lines",
    }
)


def check(inputs: Inputs, order: Order, params: Params) -> list[Violation]:
    """Every rule that the order breaks, with what would keep it."""
    purchases = [Purchase(line.sku, order.supplier, line.units) for line in order.lines]
    return [_violation(fault, inputs) for fault in faults(asked(inputs, params), purchases)]


def _violation(fault: Fault, inputs: Inputs) -> Violation:
    told: dict[str, str | float] = {"name": fault.name, "found": round(fault.is_, 2), "must": round(fault.must, 2)}
    told["currency"] = inputs.rules.currency
    return Violation(Reason(f"breaks_{fault.rule}", **told), Reason(RULES[fault.rule], **told))
