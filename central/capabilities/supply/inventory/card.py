"""Reordering: woken by each changed position, looked at again every hour."""

from datetime import UTC, datetime, timedelta

from central.capabilities.supply.inventory.inputs import gather, items_at
from central.capabilities.supply.inventory.model import Inputs, Params, Replenishment, Shelf, Supply, decide
from central.deciding.capability import N_, Capability
from central.deciding.outcome import Cause


def example() -> tuple[Inputs, Params]:
    """Oat milk, three left by the camera and eleven by the book, two days from the supplier."""
    as_of = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
    counted_at = as_of - timedelta(minutes=1)
    inputs = Inputs(
        as_of=as_of,
        causes=(
            Cause("count", "17", "eye-01", 1042, {"location": "b-04", "units": 3, "counted_at": counted_at.isoformat()}),
        ),
        sku="oat-milk-1l",
        shelves=(Shelf(location="b-04", book=11, counted=3, counted_at=counted_at, confidence=0.93),),
        on_order=0,
        daily_demand=(4, 6, 5, 3, 7, 5, 4) * 8,
        supply=Supply(
            supplier="lakeside",
            label={"en": "Lakeside", "zh_Hans": "湖畔"},
            lead_time_d=2,
            lead_time_sd_d=0.5,
            pack_size=12,
            unit_cost=1.29,
            currency="EUR",
        ),
    )
    return inputs, Params()


CARD = Capability(
    module=__name__,
    title=N_("Replenishment"),
    subject=N_("Item"),
    subjects=items_at,
    wakes_on={"stock_position": "sku"},
    schedule="7 * * * *",
    settle_s=1.0,
    params=Params,
    proposal=Replenishment,
    gather=gather,
    decide=decide,
    example=example,
    summary=N_("Order {units} × {sku} from {supplier}"),
    adjustable=frozenset({"units", "packs"}),
    reasons={
        "below_reorder_point": N_("{available} available, below the reorder point of {point}"),
        "stock_sufficient": N_("{available} available, the reorder point is {point}"),
        "counted": N_("{on_hand} on hand by the latest count"),
        "partly_counted": N_("{on_hand} on hand, counted at {fresh} of {places} places and by the book elsewhere"),
        "by_the_book": N_("{on_hand} on hand by the book; no count is fresh"),
        "counted_differs_from_book": N_("The book says {book}: a difference of {difference}"),
        "on_order": N_("{on_order} on order"),
        "demand": N_("{demand} a day sold on average over {days} trading days"),
        "forecast": N_("{demand} a day expected over {forecast_d} days by the forecast from {origin}; {flat} by the mean"),
        "forecast_changed": N_("A person changed the forecast: {scale} of it is planned with"),
        "lead_time": N_("{supplier} delivers in {lead_time_d} days, give or take {lead_time_sd_d}"),
        "safety_stock": N_("{safety_stock} kept as safety stock for a service level of {service_level}"),
        "rounded_to_packs": N_("{units} units are {packs} packs of {pack_size}"),
        "no_order_from": N_("On hand {on_hand} or more: no order"),
        "order_if_below": N_("Fewer than {point} available: an order"),
        "if_lead_time": N_("Lead time of {lead_time_d} days: an order of {units}"),
        "no_order_at_lead_time": N_("Lead time of {lead_time_d} days: no order"),
        "no_position": N_("Nothing is known about its stock: count it or book a receipt"),
        "stock_below_zero": N_("{on_hand} on hand cannot be: a receipt is missing, or it must be counted"),
        "no_demand_history": N_("Sales of {days} trading days are known, {least} are needed"),
        "demand_out_of_range": N_("Its sales history holds a number that cannot be: correct it"),
        "no_lead_time": N_("It has no supplier with a lead time: add one to the house file"),
    },
    causes={
        "count": N_("Counted {units} at {location}, {counted_at}"),
        "book": N_("The book says {book} at {location}"),
        "demand": N_("Sales from {from_day} to {to_day}: {demand} a day"),
        "lead_time": N_("{supplier}: {lead_time_d} days, give or take {lead_time_sd_d}"),
        "forecast": N_("Forecast from {origin}"),
        "availability": N_("On {day} it could be bought for {share} of the day: {sold} sold, {wanted} wanted"),
        "order": N_("{units} still to come, ordered {ordered_at}"),
    },
    units={
        "available": "units",
        "point": "units",
        "on_hand": "units",
        "fresh": "number",
        "places": "number",
        "book": "units",
        "difference": "units",
        "on_order": "units",
        "demand": "units",
        "expected_demand": "units",
        "days": "days",
        "least": "days",
        "supplier": "label",
        "lead_time_d": "days",
        "lead_time_sd_d": "days",
        "safety_stock": "units",
        "service_level": "percent",
        "units": "units",
        "packs": "number",
        "pack_size": "units",
        "location": "text",
        "sku": "text",
        "counted_at": "instant",
        "ordered_at": "instant",
        "confidence": "percent",
        "forecast_d": "days",
        "flat": "units",
        "scale": "percent",
        "origin": "day",
        "day": "day",
        "share": "percent",
        "sold": "units",
        "wanted": "units",
        "from_day": "day",
        "to_day": "day",
    },
    baseline="Order-up-to with a fixed safety stock of one week",
    exempt={
        "its_benchmark_exists": "one rule of a textbook so far: it is measured when forecasts give it something to beat"
    },
)
