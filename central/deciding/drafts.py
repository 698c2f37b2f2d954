"""A proposal as a file that leaves the house, such as an order to a supplier: in the forms that its card offers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic

from sqlalchemy import Connection
from typing_extensions import TypeVar

from central.deciding.outcome import Proposal
from central.store import catalogue, reviews
from central.store.catalogue import Item
from central.store.decisions import Decision

ProposalT = TypeVar("ProposalT", bound=Proposal, default=Any)
LANGUAGE = "en"


@dataclass(frozen=True)
class Heading:
    """Who orders what when. number: the decision's id; names: of the items, where known."""

    number: str
    buyer: str
    ordered_at: datetime
    names: Mapping[str, str]


@dataclass(frozen=True)
class Draft(Generic[ProposalT]):
    """One form of a proposal: how it is written, and as what it is sent. suffix: of the file's name, without the dot."""

    media_type: str
    suffix: str
    write: Callable[[ProposalT, Heading], str]


@dataclass(frozen=True)
class Written:
    """A draft that was written."""

    text: str
    media_type: str
    file_name: str


def written(conn: Connection, draft: Draft, proposal: type[Proposal], decision: Decision) -> Written | None:
    """The proposal as it stands, a person's change in place of it; None where a person refused it or there is none."""
    verdict = reviews.valid(conn, decision.id)
    if decision.proposal is None or (verdict is not None and verdict.verdict == "reject"):
        return None
    stands = (verdict.proposal if verdict is not None else None) or decision.proposal
    names = {item.sku: item.label.get(LANGUAGE, item.sku) for item in catalogue.all_of(conn, Item)}
    heading = Heading(decision.id, decision.site, decision.decided_at, names)
    text = draft.write(proposal.model_validate(stands), heading)
    return Written(text, draft.media_type, f"{decision.id}.{draft.suffix}")
