"""What integrators receive: CloudEvents 1.0 around a decision, a stock level, a defect or an anomaly, after commit."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from protocols.envelope import Instant
from protocols.identity import Name, Sku


class ReasonText(Struct, frozen=True, kw_only=True):
    """A reason as a code with values; `text` is its sentence in each language."""

    code: str
    values: dict[str, Any]
    text: dict[str, str]


class CauseLink(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fact the decision rests on: a stored event, a movement, a parameter version."""

    kind: str
    id: str
    device: Name | None = None
    sequence: int | None = None


class Decision(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A proposal with its reasons and causes, or what a person made of it (`review`)."""

    id: str
    capability: str
    subject: str
    state: Literal["proposed", "accepted", "adjusted", "rejected", "undecided", "superseded", "nothing"]
    decided_at: Instant
    proposal: dict[str, Any] | None
    reasons: list[ReasonText]
    causes: list[CauseLink]
    review: dict[str, Any] | None = None


class StockLevel(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Units of an item at a location by the book and by the newest trusted count."""

    location: Name
    sku: Sku
    book: int
    counted: int | None
    as_of: Instant


class CloudEvent(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="specversion", tag="1.0"):
    """CloudEvents 1.0, structured JSON. `sequence` is gapless per site: a hole is refetched from `/api/v1/out/{site}`."""

    id: str
    source: str
    type: str
    time: Instant
    sequence: Annotated[str, Meta(pattern=r"^[0-9]{1,19}(?![\s\S])")]
    data: Any
    datacontenttype: Literal["application/json"] = "application/json"
    subject: str | None = None
    dataschema: str | None = None
