"""Rules on the pages of the console: seen, tried, changed, taken back, limited, stopped; and by whom they may be."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection

from central.app import create_app
from central.console import live
from central.store import autopilot, decisions, params
from central.store.engine import reading
from central.translations.catalogue import LOCALES
from tests.journeys.console_house import SITE, ConsoleHouse, furnished
from tests.parts.planners import CARD as CONTESTED
from tests.unit.central.console.conftest import signed_in

NAME = "supply.inventory"
PAGE = f"/setup/rules/{NAME}"


@pytest.fixture(scope="module")
def own_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleHouse]:
    """A house of this file, for it is changed."""
    house = furnished(tmp_path_factory.mktemp("rules"))
    yield house
    house.engine.dispose()


@pytest.fixture(scope="module")
def own_app(own_house: ConsoleHouse) -> Iterator[Flask]:
    """The web server over it; its inventory has a challenger and a quantity."""
    cards = tuple(
        replace(card, challenger=CONTESTED.challenger, quantity="units") if card.name == NAME else card
        for card in own_house.parts.capabilities
    )
    app = create_app(replace(own_house.parts, capabilities=cards), secret_key=b"of this test only")
    yield app
    live.stop(app)


@pytest.fixture
def planner(own_app: Flask, own_house: ConsoleHouse) -> FlaskClient:
    """The admin's browser."""
    return signed_in(own_app, own_house, "li")


def post(client: FlaskClient, path: str, **fields: str) -> str:
    """Send a form with its token, as the page has it; what the reader then sees."""
    page = client.get(PAGE).get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    answer = client.post(path, data={"csrf_token": token[1], "next": PAGE, **fields}, follow_redirects=True)
    return answer.get_data(as_text=True)


def form(client: FlaskClient) -> dict[str, str]:
    """The rules as the form shows them."""
    page = client.get(PAGE).get_data(as_text=True)
    shown = dict(re.findall(r'id="p-(\w+)" name="\w+" value="([^"]*)"', page))
    version = re.search(r'name="based_on" value="(\d+)"', page)
    assert version is not None
    return {name: value for name, value in shown.items() if name != "reason"} | {"based_on": version[1]}


def version_of(house: ConsoleHouse) -> int:
    """The version of the rules that hold."""
    with reading(house.engine) as conn:
        return params.current(conn, NAME)[0]


@pytest.mark.parametrize("locale", LOCALES)
def test_every_capability_has_a_page_that_says_when_it_decides(
    planner: FlaskClient, own_house: ConsoleHouse, locale: str
) -> None:
    """In both languages: what wakes it, its clock, its checker."""
    headers = {"Accept-Language": locale.replace("_", "-")}
    listed = planner.get("/setup/rules", headers=headers).get_data(as_text=True)
    for card in own_house.parts.capabilities:
        assert f"/setup/rules/{card.name}" in listed
        page = planner.get(f"/setup/rules/{card.name}", headers=headers)
        assert page.status_code == 200
        assert card.schedule is None or card.schedule in page.get_data(as_text=True)
    assert planner.get("/setup/rules/nobody.knows").status_code == 404


def test_rules_are_tried_changed_and_taken_back(planner: FlaskClient, own_house: ConsoleHouse) -> None:
    """A trial changes nothing and says so; a change needs a reason and its place in the history."""
    before = version_of(own_house)
    wanted = form(planner) | {"cover_d": "60"}
    tried = post(planner, f"{PAGE}/params", **wanted, **{"try": "1"})
    assert "this was a trial" in tried
    assert 'id="replay"' in tried
    assert version_of(own_house) == before
    assert "say why" in post(planner, f"{PAGE}/params", **wanted)
    assert "before the winter" in post(planner, f"{PAGE}/params", **wanted, reason="before the winter")
    assert version_of(own_house) == before + 1
    assert "look again" in post(planner, f"{PAGE}/params", **wanted | {"cover_d": "50"}, reason="late")
    post(planner, f"{PAGE}/params/revert", version="0")
    assert version_of(own_house) == before + 2
    assert form(planner)["cover_d"] == "7.0"


def test_what_does_not_fit_is_shown_beside_its_field(planner: FlaskClient, own_house: ConsoleHouse) -> None:
    """With what was typed; nothing is kept."""
    before = version_of(own_house)
    for value in ("-3", "many"):
        page = post(planner, f"{PAGE}/params", **form(planner) | {"cover_d": value}, reason="x")
        assert f'name="cover_d" value="{value}"' in page
        assert 'aria-invalid="true"' in page
    assert version_of(own_house) == before


def test_an_autopilot_is_limited_and_every_one_stopped(planner: FlaskClient, own_house: ConsoleHouse) -> None:
    """What cannot be a number is refused; the switch is shown on every page of rules."""
    limits = {
        "is_on": "on", "most_effect": "100", "most_effect_a_day": "300", "currency": "eur", "most_quantity": "",
        "least_confidence": "80", "undo_minutes": "15", "pause_after": "3",
    }  # fmt: skip
    assert "cannot be read" in post(planner, f"{PAGE}/autopilot", **limits | {"most_effect": "much"})
    post(planner, f"{PAGE}/autopilot", **limits)
    with reading(own_house.engine) as conn:
        rule = autopilot.rule(conn, SITE, NAME)
    assert rule is not None
    assert (rule.is_on, rule.currency, rule.least_confidence, rule.changed_by) == (True, "EUR", 0.8, "li")
    assert "Stopped by li" in post(planner, "/setup/rules/autopilot", stop="1")
    assert "Stopped by li" not in post(planner, "/setup/rules/autopilot", release="1")


def test_a_challenger_is_judged_with_a_reason(planner: FlaskClient) -> None:
    """Promoted, it acts; without a reason or by no such word nothing changes."""
    assert "and why" in post(planner, f"{PAGE}/challenger", verdict="rejected", reason=" ")
    assert "no such button" in post(planner, f"{PAGE}/challenger", verdict="crowned", reason="x")
    assert "<b>a-pack-more</b>" in post(planner, f"{PAGE}/challenger", verdict="promoted", reason="better")
    assert "<b>its own way</b>" in post(planner, f"{PAGE}/challenger", verdict="reopened", reason="worse after all")


def test_a_viewer_sees_rules_and_changes_none(own_app: Flask, own_house: ConsoleHouse) -> None:
    """No form, and 403 where one is made up; the page says who can."""
    wang = signed_in(own_app, own_house, "wang")
    page = wang.get(PAGE).get_data(as_text=True)
    assert 'name="based_on"' not in page
    assert "A planner or an admin can change rules." in page
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    for path in (
        f"{PAGE}/params",
        f"{PAGE}/params/revert",
        f"{PAGE}/challenger",
        f"{PAGE}/autopilot",
        "/setup/rules/autopilot",
    ):
        assert wang.post(path, data={"csrf_token": token[1], "stop": "1"}).status_code == 403


def test_what_is_ticked_is_approved_and_what_is_gone_is_told(planner: FlaskClient, own_house: ConsoleHouse) -> None:
    """Two of one kind at once; nothing ticked, or one that is no more, is said."""
    ids = re.findall(r'name="decision" value="([^"]+)"', planner.get("/plan").get_data(as_text=True))
    assert len(ids) >= 2
    assert "Tick at least one" in post(planner, "/decisions/approve")
    token = re.search(r'name="csrf_token" value="([^"]+)"', planner.get("/plan").get_data(as_text=True))
    assert token is not None
    form_data = {"csrf_token": token[1], "next": "/plan", "decision": [*ids[:2], "gone"]}
    page = planner.post("/decisions/approve", data=form_data, follow_redirects=True).get_data(as_text=True)
    assert "1 proposal could not be approved any more." in page
    with reading(own_house.engine) as conn:
        assert {state_of(conn, each) for each in ids[:2]} == {"accepted"}


def state_of(conn: Connection, decision_id: str) -> str:
    """What became of a decision."""
    found = decisions.get(conn, decision_id)
    return found.state if found is not None else ""


def test_part_of_a_proposal_is_fixed_and_given_back_on_its_page(planner: FlaskClient, own_house: ConsoleHouse) -> None:
    """The lock is shown with who and why; without a reason nothing is fixed; lifted, it is gone."""
    decision = re.findall(r'name="decision" value="([^"]+)"', planner.get("/plan").get_data(as_text=True))[-1]
    with reading(own_house.engine) as conn:
        found = decisions.get(conn, decision)
    assert found is not None
    assert found.proposal is not None
    why, packs = f"/why/decision/{decision}", 9
    units = packs * found.proposal["pack_size"]
    token = re.search(r'name="csrf_token" value="([^"]+)"', planner.get(why).get_data(as_text=True))
    assert token is not None
    said = {
        "csrf_token": token[1],
        "next": why,
        "fixed": ["units", "packs"],
        "units": str(units),
        "packs": str(packs),
        "days": "7",
    }
    path = f"/decisions/{decision}/lock"
    assert "give one of the reasons" in planner.post(path, data=said, follow_redirects=True).get_data(as_text=True)
    fixed = planner.post(path, data=said | {"reason": "local_event"}, follow_redirects=True).get_data(as_text=True)
    assert f"<code>units {units}</code>" in fixed
    lift = re.search(r'action="(/locks/\d+/lift)"', fixed)
    assert lift is not None
    lifted = planner.post(lift[1], data={"csrf_token": token[1], "next": why}, follow_redirects=True).get_data(as_text=True)
    assert f"<code>units {units}</code>" not in lifted
    assert planner.post("/decisions/gone/lock", data=said).status_code == 404
