"""Purchase orders: what was ordered of whom, for when it was promised, and when how much came."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Connection

from central.imports import columns
from central.imports.columns import Column, Values
from central.imports.findings import Ruling
from central.imports.kind import Change, Kind
from central.imports.kinds import shared
from central.imports.known import Known
from central.store import purchase_orders
from central.store.facts import Fact
from central.store.purchase_orders import OrderLine
from central.translations.marking import N_

_TOLERANCE = timedelta(days=1)  # a day without a time is midnight, and zones differ


def _build(values: Values, known: Known, ruling: Ruling) -> OrderLine | None:
    sku, supplier = shared.known_sku(values, known, ruling), shared.known_supplier(values, known, ruling)
    currency = shared.currency(values, ruling)
    shared.note_other_currency(sku, currency, known, ruling)
    shared.refuse_below_one(values, ("units_ordered", "line"), ruling)
    shared.refuse_negative(values, ("units_received", "unit_price"), ruling)
    line = OrderLine(
        order=shared.the_text(values, "order"),
        line=shared.the_whole(values, "line", 1),
        supplier=supplier,
        sku=sku,
        units_ordered=shared.the_whole(values, "units_ordered", 0),
        units_received=_received(values),
        unit_price=cast(float | None, values["unit_price"]),
        currency=currency,
        ordered_at=cast(datetime, values["ordered_at"]),
        promised_at=cast(datetime | None, values["promised_at"]),
        received_at=cast(datetime | None, values["received_at"]),
    )
    _check_moments(line, known, ruling)
    if line.units_received > line.units_ordered:
        ruling.note("more_than_ordered", "units_received", line.units_received)
    return line


def _received(values: Values) -> int:
    """What came; all of it where a day of receipt stands and no number."""
    if values["units_received"] is None:
        return shared.the_whole(values, "units_ordered", 0) if values["received_at"] is not None else 0
    return shared.the_whole(values, "units_received", 0)


def _check_moments(line: OrderLine, known: Known, ruling: Ruling) -> None:
    for name, at in (("ordered_at", line.ordered_at), ("received_at", line.received_at)):
        if at is not None and at > known.now + _TOLERANCE:
            ruling.refuse("in_the_future", name, at.date())
    for name, at in (("promised_at", line.promised_at), ("received_at", line.received_at)):
        if at is not None and at < line.ordered_at:
            ruling.refuse("before_the_order", name, at.date())
    if line.units_received >= line.units_ordered and line.received_at is None:
        ruling.refuse("received_without_day", "received_at", line.units_received)
    if line.received_at == line.ordered_at:
        ruling.note("same_day_receipt", "received_at")


def _key(line: OrderLine) -> str:
    return f"{line.order}\t{line.line}"


def _stored(conn: Connection, known: Known, keys: Collection[str]) -> Mapping[str, OrderLine]:
    wanted = [(order, int(line)) for order, _, line in (key.rpartition("\t") for key in keys)]
    return {_key(line): line for line in purchase_orders.known(conn, known.site, wanted)}


def _write(conn: Connection, known: Known, changes: Sequence[Change[OrderLine]], _who: str) -> list[Fact]:
    purchase_orders.put(conn, known.site, [change.new for change in changes])
    return []


KIND: Kind[OrderLine] = Kind(
    name="purchase_orders",
    title=N_("Purchase orders"),
    about=N_("What was ordered and when it came, past and open: one row a line of an order."),
    columns=(
        Column(
            "order",
            ("order number", "po", "po number", "采购单号", "订单号"),
            columns.words,
            N_("The order's number"),
            "PO-2026-118",
            is_required=True,
        ),
        Column("line", ("line number", "行号"), columns.whole, N_("The line of the order, 1 where it has one only"), 1),
        shared.SUPPLIER,
        shared.SKU,
        Column(
            "units_ordered",
            ("ordered", "quantity", "订购数量", "数量"),
            columns.whole,
            N_("Units ordered"),
            120,
            is_required=True,
        ),
        Column(
            "ordered_at",
            ("ordered on", "order date", "下单日期"),
            shared.moment,
            N_("When it was ordered"),
            "2026-11-02",
            is_required=True,
        ),
        Column(
            "promised_at",
            ("promised", "due", "承诺日期", "预计到货"),
            shared.moment,
            N_("When it was promised for"),
            "2026-11-05",
        ),
        Column(
            "received_at",
            ("received on", "delivered", "到货日期"),
            shared.moment,
            N_("When the last of it came"),
            "2026-11-06",
        ),
        Column(
            "units_received", ("received", "到货数量"), columns.whole, N_("Units that came; all of them where empty"), 120
        ),
        Column("unit_price", ("price", "单价"), shared.number, N_("Price of one unit"), 1.10),
        shared.CURRENCY,
    ),
    build=_build,
    key=_key,
    stored=_stored,
    write=_write,
)
