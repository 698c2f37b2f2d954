"""Models and their rollouts as people see them, and what admins may do about them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import msgspec
import pytest
from flask import Flask

from central.app import create_app
from central.background.rollouts import RolloutDesk
from central.console import live
from central.fleet import release_orders as orders
from central.fleet.accuracy import Accuracy, Difference
from central.fleet.archives import Archives
from central.floor import labels
from central.floor.labels import Said
from central.store import events, evidence, rollouts, twins
from central.store.engine import reading, writing
from central.store.labels import Verdict
from central.store.rollouts import Rollout
from central.store.types import instant_text
from protocols.signing import new_key, public_text
from tests import makers
from tests.journeys.console_house import SITE, ConsoleHouse, furnished
from tests.parts.bundles import tiny
from tests.unit.central.console.conftest import signed_in
from tests.unit.central.console.reading import spoken, token

KEY = new_key()
DIFFERENCE = Difference("count_error", n=40, old=0.25, new=0.30, difference=0.05, low=-0.02, high=0.12, margin=0.25)


@pytest.fixture(scope="module")
def releasing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleHouse]:
    """A furnished house with two releases, one of which goes out."""
    folder = tmp_path_factory.mktemp("releasing")
    house = furnished(folder)
    archives = Archives(folder / "releases", folder / "labelled", "http://127.0.0.1:8400", (public_text(KEY),))
    with writing(house.engine) as conn:
        for version in ("1.9", "2.0"):
            tiny(folder / version, KEY, version)
            orders.add(conn, archives, folder / version, None, "li", house.now())
        orders.begin(conn, orders.Order("shelf-2.0", None, None, 3600), "li", house.now())
    running = replace(house.parts, archives=archives)
    RolloutDesk(running, archives, lambda _pair: Accuracy((DIFFERENCE,)), timedelta()).look()
    yield house
    house.engine.dispose()


@pytest.fixture(scope="module")
def app(releasing: ConsoleHouse) -> Iterator[Flask]:
    """Its web server."""
    app = create_app(releasing.parts, secret_key=b"of this test only")
    yield app
    live.stop(app)


def newest(house: ConsoleHouse) -> Rollout:
    """The last rollout."""
    with reading(house.engine) as conn:
        return rollouts.newest(conn)[0]


def test_the_track_says_where_a_rollout_is_and_the_gate_what_it_measured(app: Flask, releasing: ConsoleHouse) -> None:
    """Figures with their interval and what is allowed, on how many frames."""
    html = signed_in(app, releasing, "li").get("/setup/models").get_data(as_text=True)
    words = " ".join(spoken(html))
    assert html.count('aria-current="step"') == 1
    assert "shelf-2.0" in words
    assert "difference -0.02 to 0.12 (95 %), allowed 0.25, 40 frames" in words.replace("−", "-")
    assert "then 5 %, 25 % and all" in words


def test_a_viewer_sees_it_and_finds_no_button(app: Flask, releasing: ConsoleHouse) -> None:
    """Nor does the address of one work."""
    browser = signed_in(app, releasing, "wang")
    assert "/setup/models/1/stop" not in browser.get("/setup/models").get_data(as_text=True)
    form = {"csrf_token": token(browser), "next": "/setup/models"}
    assert browser.post("/setup/models/1/stop", data=form).status_code == 403
    assert browser.post("/setup/models/roll-out", data=form).status_code == 403
    assert newest(releasing).is_open


def test_it_is_told_in_chinese(app: Flask, releasing: ConsoleHouse) -> None:
    """Stages, gates and codes."""
    html = (
        signed_in(app, releasing, "wang").get("/setup/models", headers={"Accept-Language": "zh-CN"}).get_data(as_text=True)
    )
    words = " ".join(spoken(html))
    assert {"先行终端", "试运行", "准确度", "每货架件数误差"} <= set(words.replace(":", " ").split())
    assert "95 %" in words


def test_how_often_people_found_a_model_right_stands_beside_it(app: Flask, releasing: ConsoleHouse) -> None:
    """With its interval and on how many pictures, where it runs; a release that nobody reviewed says so."""
    before = " ".join(spoken(signed_in(app, releasing, "li").get("/setup/models").get_data(as_text=True)))
    assert before.count("not reviewed") == 4
    for number, verdict in enumerate(["confirm", "confirm", "confirm", "not_a_defect"]):
        evidence_sha = _pictured(releasing, number, "shelf-units 0.1.0")
        with writing(releasing.engine) as conn:
            labels.answer(conn, SITE, Said(evidence_sha, cast(Verdict, verdict)), "chen", releasing.now())
    words = " ".join(spoken(signed_in(app, releasing, "li").get("/setup/models").get_data(as_text=True)))
    assert "75 % 30–95 % of 4" in words
    chinese = signed_in(app, releasing, "li").get("/setup/models", headers={"Accept-Language": "zh-CN"})
    assert "区间 30–95 %，共 4 张" in chinese.get_data(as_text=True)


def _pictured(house: ConsoleHouse, number: int, model: str) -> str:
    """A judged part of that model whose picture has come; its hash."""
    sha256, at = f"sha256:{number:064x}", instant_text(house.now())
    row = (
        *("eye-01", 9000 + number, makers.event_id(9000 + number), SITE, "defect/1", at, at, "boot", 1, "ntp"),
        *(model, sha256, msgspec.json.encode(makers.defect()).decode(), None),
    )
    with writing(house.engine) as conn:
        events.append(conn, [row])
        evidence.keep(conn, evidence.Piece(sha256, "eye-01", "image/jpeg", house.now(), b"jpeg"), house.now())
    return sha256


@pytest.mark.parametrize("path", ["/setup/models/999/stop", "/setup/models/x/roll-back", "/setup/models/1/burn"])
def test_an_order_that_makes_no_sense_changes_nothing_and_says_so(app: Flask, releasing: ConsoleHouse, path: str) -> None:
    """A page that was open too long, or an address typed by hand."""
    browser = signed_in(app, releasing, "li")
    form = {"csrf_token": token(browser), "next": "/setup/models"}
    told = browser.post(path, data=form, follow_redirects=True).get_data(as_text=True)
    assert "Nothing was changed" in told


def test_an_admin_stops_takes_back_and_begins_another(app: Flask, releasing: ConsoleHouse, tmp_path: Path) -> None:
    """Each by a button; the twin of the canary follows."""
    browser, rollout = signed_in(app, releasing, "li"), newest(releasing)
    form = {"csrf_token": token(browser), "next": "/setup/models"}
    assert "Take it back everywhere" in browser.get("/setup/models").get_data(as_text=True)
    browser.post(f"/setup/models/{rollout.id}/stop", data=form)
    assert newest(releasing).phase == "stopped"
    browser.post(f"/setup/models/{rollout.id}/roll-back", data=form)
    assert newest(releasing).phase == "rolled_back"
    with reading(releasing.engine) as conn:
        assert twins.get(conn, rollout.canary).models == {}
        wanted = orders.named(conn, "shelf-1.9")
    browser.post("/setup/models/roll-out", data=form | {"release": wanted.sha256})
    assert (newest(releasing).model, newest(releasing).begun_by) == (wanted.model, "li")


def test_a_model_that_was_kept_from_everybody_is_held_back_with_the_reason(releasing: ConsoleHouse) -> None:
    """Not taken back: nobody had it."""
    running = replace(releasing.parts, archives=Archives(Path(), Path(), ""))
    with writing(releasing.engine) as conn:
        for rollout in rollouts.open_ones(conn):
            orders.stop(conn, rollout.id, "li", releasing.now())
        orders.begin(conn, orders.Order("shelf-2.0", None, None, 3600), "li", releasing.now())
    kept_back = Accuracy((DIFFERENCE,), why="worse", detail="count_error: up to +1.2, allowed +0.25")
    RolloutDesk(running, Archives(Path(), Path(), ""), lambda _pair: kept_back, timedelta()).look()
    app = create_app(releasing.parts, secret_key=b"of this test only")
    words = " ".join(spoken(signed_in(app, releasing, "li").get("/setup/models").get_data(as_text=True)))
    live.stop(app)
    assert "Held back" in words
    assert "Not shown to be as good" in words
    assert "up to +1.2" in words
