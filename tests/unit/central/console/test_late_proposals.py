"""A proposal whose time is over stays open, and says so."""

from dataclasses import replace
from datetime import timedelta

from central.app import create_app
from central.console import live
from central.store import decisions
from central.store.engine import reading
from tests.journeys.console_house import ConsoleHouse
from tests.unit.central.console.conftest import signed_in
from tests.unit.central.console.reading import open_proposal


def test_a_proposal_past_its_time_says_that_it_is_late(house: ConsoleHouse) -> None:
    """In place of the time that is left stands the one that was missed; it can still be approved."""
    with reading(house.engine) as conn:
        decision = decisions.get(conn, open_proposal(house))
    assert decision is not None
    assert decision.approve_by is not None
    later = decision.approve_by + timedelta(minutes=1)
    app = create_app(replace(house.parts, now=lambda: later), secret_key=b"of this test only")
    page = signed_in(app, house, "li").get("/plan").get_data(as_text=True)
    live.stop(app)
    assert "was to be approved by" in page
    assert f"/decisions/{decision.id}/approve" in page
