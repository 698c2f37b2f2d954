"""An order as others read it: CSV, JSON in the manner of an EDI ORDERS message, the text of an e-mail. Pure, from values."""

import csv
import io
import json
from collections.abc import Mapping
from types import MappingProxyType

from central.capabilities.supply.procurement.facts import Order
from central.deciding.drafts import Draft, Heading

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(order: Order, heading: Heading) -> str:
    """One row a line; a text that a spreadsheet would take for a formula is quoted."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(["order", "supplier", "sku", "name", "units", "unit_price", "currency"])
    for line in order.lines:
        texts = [heading.number, order.supplier, line.sku, heading.names.get(line.sku, "")]
        writer.writerow([*map(_plain, texts), line.units, f"{line.price:.4f}", order.currency])
    return written.getvalue()


def as_json(order: Order, heading: Heading) -> str:
    """Names after the segments of EDIFACT D.96A ORDERS: BGM, DTM 137, NAD BY and SU, CUX, LIN with QTY 21 and PRI AAA."""
    message = {
        "type": "ORDERS",
        "bgm": {"code": "220", "number": heading.number},
        "dtm": {"137": heading.ordered_at.strftime("%Y%m%d%H%M")},
        "nad": {"BY": heading.buyer, "SU": order.supplier},
        "cux": order.currency,
        "lin": [
            {
                "number": at,
                "item": line.sku,
                "name": heading.names.get(line.sku),
                "qty": {"21": line.units},
                "pri": {"AAA": line.price},
            }
            for at, line in enumerate(order.lines, start=1)
        ],
        "cnt": {"2": len(order.lines)},
    }
    return json.dumps(message, ensure_ascii=False, indent=2)


def as_email(order: Order, heading: Heading) -> str:
    """A plain text that a person may send."""
    rows = [f"- {line.units} x {line.sku} {heading.names.get(line.sku, '')}".rstrip() for line in order.lines]
    total = f"Total: {order.value:,.2f} {order.currency}"
    return "\n".join([f"Order {heading.number} of {heading.ordered_at:%Y-%m-%d}, {heading.buyer}", "", *rows, "", total, ""])


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


DRAFTS: Mapping[str, Draft[Order]] = MappingProxyType(
    {
        "csv": Draft("text/csv; charset=utf-8", "csv", as_csv),
        "json": Draft("application/json", "json", as_json),
        "email": Draft("text/plain; charset=utf-8", "txt", as_email),
    }
)
