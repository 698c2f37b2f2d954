"""Procurement: what the items of a supplier need, as one order; looked at again every quarter of an hour."""

from datetime import UTC, datetime

from central.capabilities.supply.procurement.checker import check
from central.capabilities.supply.procurement.drafts import DRAFTS
from central.capabilities.supply.procurement.facts import Inputs, LeadTime, Need, Order, Params, Rules
from central.capabilities.supply.procurement.inputs import gather, suppliers_at
from central.capabilities.supply.procurement.model import decide, effect
from central.deciding.capability import N_, Capability
from central.deciding.outcome import Cause


def example() -> tuple[Inputs, Params]:
    """Two items of a dairy: one in boxes of 48, one with a least quantity; an order of 200 at least."""
    oat = Need(
        sku="oat-milk-1l",
        decision="d-1",
        wanted=240,
        position=47.0,
        demand_d=20.0,
        safety=95.0,
        lead_time_d=2.0,
        price=1.29,
        currency="EUR",
        step=48,
        life_d=120.0,
    )
    cream = oat.model_copy(update={"sku": "oat-cream", "decision": "d-2", "demand_d": 2.0, "safety": 9.0, "position": 4.0})
    inputs = Inputs(
        as_of=datetime(2026, 11, 24, 14, 30, tzinfo=UTC),
        causes=(Cause("replenishment", "d-1", values={"sku": "oat-milk-1l", "wanted": 240}),),
        supplier="lakeside",
        label={"en": "Lakeside", "zh_Hans": "湖畔"},
        rules=Rules(currency="EUR", least_value=200.0, order_weekdays=(1, 3)),
        needs=(oat, cream.model_copy(update={"step": 6, "least": 24})),
        days_late=(0.0, -1.0, 2.0, 0.0),
        lead_time=LeadTime(deliveries=9, mean_d=2.0, within_d=3.0),
    )
    return inputs, Params()


CARD = Capability(
    module=__name__,
    title=N_("Purchase order"),
    subject=N_("Supplier"),
    subjects=suppliers_at,
    wakes_on={},
    schedule="*/15 * * * *",
    settle_s=5.0,
    params=Params,
    proposal=Order,
    gather=gather,
    decide=decide,
    example=example,
    summary=N_("Order from {supplier}"),
    adjustable=frozenset({"lines"}),
    check=check,
    effect=effect,
    drafts=DRAFTS,
    reasons={
        "order": N_("Lines: {lines}; {value} to {supplier}"),
        "line": N_(
            "{sku}: {units} = {demand} demand to the next arrival + {safety} safety − {position} position, "
            "rounded up to {packs} × {pack_size}; the least quantity of {least} does not bind"
        ),
        "line_least_binding": N_(
            "{sku}: {units} because the least quantity is {least}; "
            "needed are {demand} demand to the next arrival + {safety} safety − {position} position"
        ),
        "line_price_break": N_(
            "{sku}: {units} for the price from {reached} on; "
            "needed are {demand} demand to the next arrival + {safety} safety − {position} position"
        ),
        "line_other": N_(
            "{sku}: {units} cost least; "
            "needed are {demand} demand to the next arrival + {safety} safety − {position} position"
        ),
        "gap": N_("A better order could save {gap} of the cost at most"),
        "late": N_("{share} of its deliveries are late, by {deliveries} seen and what is usual; those by {late_d} days"),
        "lead_time": N_(
            "Its deliveries take {mean_d} days on average, nine of ten come within {within_d} ({deliveries} seen)"
        ),
        "lead_time_stated": N_("Lead times are those stated: {deliveries} deliveries were seen, {needed} are needed"),
        "other_currency": N_("{sku} is priced in {other}, the order is in {currency}: correct its terms"),
        "nothing_asked": N_("No item of {supplier} needs anything"),
        "nothing_pays": N_("No order to {supplier} pays now"),
        "not_an_order_day": N_("It takes orders again on {day}"),
        "left_out_covered": N_("{sku} can wait: what is there lasts"),
        "left_out_least": N_("{sku} left out ({wanted} asked for): the least quantity is too large"),
        "left_out_step": N_("{sku} left out ({wanted} asked for): a pack is too large"),
        "left_out_most": N_("{sku} left out ({wanted} asked for): no more may be bought"),
        "left_out_life": N_("{sku} left out ({wanted} asked for): it would spoil before it sells"),
        "left_out_budget": N_("{sku} left out ({wanted} asked for): the budget does not reach"),
        "costs_least": N_("Without the least quantity of {name}, {saves} would be saved"),
        "costs_step": N_("If packs of {name} could be broken, {saves} would be saved"),
        "costs_most": N_("If more of {name} could be bought ({gives} units), {saves} would be saved"),
        "costs_life": N_("If {name} kept longer, {saves} would be saved"),
        "costs_least_value": N_("Without the least order value of {name}, {saves} would be saved"),
        "costs_order_day": N_("If {name} took orders today, {saves} would be saved"),
        "costs_container": N_("If containers of {name} need not be filled, {saves} would be saved"),
        "costs_budget": N_("With {gives} more to spend, {saves} would be saved"),
        "breaks_least": N_("{name}: {found} is less than the least quantity of {must}"),
        "breaks_step": N_("{name}: {found} is not a whole number of packs of {must}"),
        "breaks_most": N_("{name}: {found} is more than {must}"),
        "breaks_life": N_("{name}: {found} would be there, of which {must} sell before they spoil"),
        "breaks_least_value": N_("An order to {name} of {found}, where {must} is the least"),
        "breaks_budget": N_("{found} is more than the budget of {must}"),
        "breaks_order_day": N_("{name} takes no order today"),
        "breaks_not_offered": N_("{name} is not offered by this supplier, or not needed"),
        "breaks_bought_twice": N_("{name} stands in the order twice"),
        "breaks_container": N_("A container of {name} is filled to less than it must be"),
        "buy_at_least": N_("Order {must} of {name}, or none"),
        "buy_whole_packs": N_("Order a multiple of {must} of {name}"),
        "buy_at_most": N_("Order at most {must} of {name}"),
        "buy_what_sells": N_("Order less of {name}"),
        "add_lines": N_("Add lines, or wait until more is needed"),
        "buy_less": N_("Order less, or raise the budget"),
        "wait_for_day": N_("Wait for its order day"),
        "leave_it_out": N_("Leave {name} out"),
    },
    causes={
        "replenishment": N_("Replenishment asks for {wanted} of {sku}"),
        "deliveries": N_("{deliveries} deliveries of the last year"),
    },
    units={
        "supplier": "label",
        "lines": "number",
        "value": "money",
        "sku": "text",
        "units": "units",
        "demand": "units",
        "safety": "units",
        "reached": "units",
        "position": "units",
        "packs": "number",
        "pack_size": "units",
        "least": "units",
        "gap": "percent",
        "share": "percent",
        "deliveries": "number",
        "late_d": "days",
        "mean_d": "days",
        "within_d": "days",
        "needed": "number",
        "other": "text",
        "currency": "text",
        "day": "day",
        "wanted": "units",
        "name": "text",
        "saves": "money",
        "gives": "number",
        "found": "number",
        "must": "number",
        "price": "text",
    },
    benchmark="buying",
    baseline="Each item's own reorder quantity, with least order values looked up by hand",
)
