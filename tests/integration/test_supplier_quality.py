"""Supplier quality on a real database: defects by supplier and lot → a closer look, traced to a part."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from central.capabilities.supply.supplier_quality.inputs import gather, suppliers_at
from central.capabilities.supply.supplier_quality.model import Params, decide
from central.deciding.capability import Subject
from central.store import events
from central.store.types import instant_text
from tests.parts.house import SITE, House

LAKESIDE = Subject(SITE, "lakeside")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A small house."""
    house = House(tmp_path)
    yield house
    house.close()


def tell(
    conn: Connection, house: House, sequence: int, verdict: str, inspected: int, lot: str, supplier: str | None
) -> None:
    """A camera tells of a part."""
    at = instant_text(house.now - timedelta(days=2, minutes=-sequence))
    data = {"camera": "cam-4", "line": "belt-1", "verdict": verdict, "score": 1.4, "threshold": 1.0, "lot": lot}
    data |= {"inspected": inspected} | ({"supplier": supplier} if supplier else {})
    row = (
        "eye-01",
        sequence,
        f"e-{sequence}",
        SITE,
        "defect/1",
        at,
        at,
        "b3f1",
        1,
        "ntp",
        None,
        None,
        json.dumps(data),
        None,
    )
    events.append(conn, [row])


def test_parts_that_passed_are_the_denominator_and_lots_are_kept_apart(house: House) -> None:
    """Thirty judged with three told: two bad ones of thirty; a part of nobody's counts nowhere."""
    with house.parts.writing() as conn:
        tell(conn, house, 1, "fail", 20, "a", "lakeside")
        tell(conn, house, 2, "review", 9, "a", "lakeside")
        tell(conn, house, 3, "fail", 1, "b", "lakeside")
        tell(conn, house, 4, "fail", 7, "b", None)
        tell(conn, house, 5, "fail", 50, "c", "hilltop")
        assert suppliers_at(conn, SITE) == ["hilltop", "lakeside"]
        inputs = gather(conn, LAKESIDE, Params(), house.now)
    assert inputs.lately is not None
    assert (inputs.lately.bad, inputs.lately.looked_at) == (2, 30)
    assert [(lot.lot, lot.bad, lot.looked_at) for lot in inputs.lots] == [("b", 1, 1), ("a", 1, 29)]
    assert [(other.lot, other.bad, other.looked_at) for other in inputs.others] == [("hilltop", 1, 50)]
    assert inputs.severity == "normal"
    assert (inputs.causes[0].device, inputs.causes[0].sequence) == ("eye-01", 3)


def test_a_supplier_whose_parts_fail_is_looked_at_closer(house: House) -> None:
    """Sixty bad of a thousand: each proposal traces to the part that was seen."""
    with house.parts.writing() as conn:
        for sequence in range(1, 61):
            tell(conn, house, sequence, "fail", 16, "a", "lakeside")
        outcome = decide(gather(conn, LAKESIDE, Params(), house.now), Params())
    assert outcome.proposal is not None
    assert outcome.proposal.severity in ("tightened", "refuse")
