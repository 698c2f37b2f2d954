"""A decision's whole life on a real database: woken, decided, reviewed, corrected."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from central.deciding import review
from central.deciding.trace import trace
from central.errors import AlreadyReviewed, NotReviewable
from central.floor import stock
from central.deciding import waking
from central.store import announcements, decisions
from central.store.decisions import Decision
from tests.parts.house import OAT, SITE, House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A small house."""
    house = House(tmp_path)
    yield house
    house.close()


def all_decisions(house: House) -> list[Decision]:
    """Every decision, newest first."""
    with house.parts.reading() as conn:
        return decisions.page(conn, SITE)


def said(house: House) -> list[str]:
    """The topics of what was announced about decisions, in order."""
    with house.parts.reading() as conn:
        rows = announcements.after(conn, SITE, 0, 1000)
    return [row.topic.split("/")[-1] for row in rows if "/decision/" in row.topic]


def test_a_low_count_becomes_an_order_proposal_that_rests_on_its_event(house: House) -> None:
    """From a count to a recorded and announced proposal whose trace ends at the picture."""
    house.receive("b-04", 11)
    sequence = house.count("b-04", 3)
    assert house.decide() == 1
    (decision,) = all_decisions(house)
    assert decision.state == "proposed"
    assert decision.proposal is not None
    assert decision.proposal["units"] % 12 == 0
    with house.parts.reading() as conn:
        tree = trace(conn, decision.id)
    assert tree is not None
    (count,) = [cause for cause in tree.rests_on if cause.kind == "count"]
    (event,) = count.rests_on
    assert event.link == f"event/eye-01/{sequence}"
    assert event.rests_on[0].kind == "evidence"
    assert said(house) == ["proposed"]
