"""Alarms on pages: how they stand, what people do to them, who may, and what the second of two people reads."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from central.app import create_app
from central.console import live
from central.console.advice import ADVICE
from central.console.alarm_words import SPANS
from central.console.vocabulary import WORDS
from central.floor import alarm_book, alarms
from central.floor.alarms import LONGEST_SHELVING
from central.store import alarms as book
from central.store.engine import reading
from tests.journeys.console_house import SITE, ConsoleHouse, copy_of
from tests.unit.central.console.conftest import signed_in
from tests.unit.central.console.reading import token

LEVEL, DRIFT = "machine/conveyor-1/level", "machine/pump-1/drift"


@pytest.fixture
def own(house: ConsoleHouse, tmp_path: Path) -> Iterator[ConsoleHouse]:
    """A house of this test's own."""
    own = copy_of(house, tmp_path)
    yield own
    own.engine.dispose()


@pytest.fixture
def server(own: ConsoleHouse) -> Iterator[Flask]:
    """The web server over it."""
    app = create_app(own.parts, secret_key=b"of this test only")
    yield app
    live.stop(app)


@pytest.fixture
def desk(server: Flask, own: ConsoleHouse) -> FlaskClient:
    """Li's browser."""
    return signed_in(server, own, "li")


def do(browser: FlaskClient, deed: str, alarm: str = LEVEL, **fields: str) -> None:
    """Press a button; without script the page comes again."""
    form = {"csrf_token": token(browser), "next": "/equipment/alarms", "alarm": alarm, **fields}
    assert browser.post(f"/alarms/{deed}", data=form).status_code == 303


def state(house: ConsoleHouse, alarm: str = LEVEL) -> str:
    """How an alarm stands."""
    with reading(house.engine) as conn:
        return alarms.state(alarm_book.one(conn, SITE, alarm).life, house.now())


def read(browser: FlaskClient, path: str) -> str:
    """What stands on a page."""
    return browser.get(path).get_data(as_text=True)


def test_an_acknowledged_alarm_says_by_whom(desk: FlaskClient, own: ConsoleHouse) -> None:
    """It stays in Today until it is over, and no longer counts among what needs somebody."""
    before = read(desk, "/")
    do(desk, "acknowledge")
    assert state(own) == "acknowledged"
    today = read(desk, "/")
    assert "Acknowledged by li" in today
    assert "/alarms/acknowledge" not in today
    assert _waiting(before) - _waiting(today) == 1
    own.calms_down("conveyor-1")
    assert 'id="machine-conveyor-1"' not in read(desk, "/")


def _waiting(html: str) -> int:
    return int(html.partition('<h1 id="waiting">')[2].split()[0])


def test_the_second_of_two_reads_who_was_first(server: Flask, desk: FlaskClient, own: ConsoleHouse) -> None:
    """For acknowledging, for shelving, for taking out of service; and nothing is changed."""
    chen = signed_in(server, own, "chen")
    away = {"span": "15m", "reason": "repair"}
    for deed, fields, says in (
        ("acknowledge", {}, "li acknowledged this at"),
        ("shelve", away, "li has shelved this until"),
        ("out-of-service", {"reason": "parts"}, "li has taken this out of service"),
        ("reset", {}, "This alarm stands otherwise by now"),
    ):
        do(desk, deed, **fields)
        do(chen, deed, **fields)
        assert says in read(chen, "/equipment/alarms"), deed


def test_a_shelved_alarm_is_counted_on_every_page_and_comes_back(desk: FlaskClient, own: ConsoleHouse) -> None:
    """With who, until when and why on its own page; one press takes it back before its time."""
    assert "1 alarm shelved" in read(desk, "/stock")
    do(desk, "shelve", span="1h", reason="other", note="the fitter is on his way")
    assert state(own) == "shelved"
    assert "2 alarms shelved" in read(desk, "/stock")
    assert 'id="machine-conveyor-1"' not in read(desk, "/")
    panel = read(desk, "/equipment/conveyor-1")
    assert "Shelved by li until" in panel
    assert "Other: the fitter is on his way" in panel
    do(desk, "unshelve")
    assert state(own) == "unacknowledged"


def test_nothing_is_put_away_without_a_span_and_a_reason(desk: FlaskClient, own: ConsoleHouse) -> None:
    """The page says what is missing."""
    for fields in (
        {},
        {"span": "1h"},
        {"span": "for good", "reason": "repair"},
        {"span": "1h", "reason": "other", "note": " "},
    ):
        do(desk, "shelve", **fields)
        assert "Say for how long and why" in read(desk, "/")
    do(desk, "out-of-service")
    do(desk, "comment", note=" ")
    assert state(own) == "unacknowledged"


def test_a_latched_alarm_waits_for_a_reset(desk: FlaskClient, own: ConsoleHouse) -> None:
    """Over by itself, seen by a person, and still there until somebody says that it is over."""
    own.falls_ill("compressor-1", is_latching=True)
    name = "machine/compressor-1/level"
    own.calms_down("compressor-1")
    assert "Over, not acknowledged" in read(desk, "/")
    do(desk, "acknowledge", name)
    assert "Over, waits for a reset" in read(desk, "/")
    assert "/alarms/reset" in read(desk, "/")
    do(desk, "reset", name)
    assert state(own, name) == "normal"


def test_out_of_service_and_back_with_a_remark(desk: FlaskClient, own: ConsoleHouse) -> None:
    """Each is in the journal on the machine's page."""
    do(desk, "out-of-service", reason="parts")
    assert "Out of service by li" in read(desk, "/equipment/conveyor-1")
    do(desk, "comment", note="bearing <b>6205</b> is on order")
    do(desk, "in-service")
    assert state(own) == "unacknowledged"
    panel = read(desk, "/equipment/conveyor-1")
    for words in ("was taken out of service", "was put back into service", "bearing &lt;b&gt;6205&lt;/b&gt; is on order"):
        assert words in panel
    with reading(own.engine) as conn:
        assert [line.who for line in book.last_lines(conn, SITE, [LEVEL], 3)] == ["li"] * 3


def test_each_alarm_says_what_it_means_and_what_to_do(desk: FlaskClient) -> None:
    """In the reader's language."""
    assert "What wears goes on wearing" in read(desk, "/equipment/conveyor-1")
    chinese = desk.get("/equipment/conveyor-1", headers={"Accept-Language": "zh-CN"}).get_data(as_text=True)
    assert ADVICE["level"].if_ignored not in chinese
    assert set(ADVICE) == set(WORDS["rule"])
    assert max(span for span, _words in SPANS.values()) <= LONGEST_SHELVING


def test_what_a_role_may_not_is_absent_and_refused(server: Flask, own: ConsoleHouse) -> None:
    """The viewer sees, the floor acknowledges and shelves, the planner takes out of service."""
    own.person("mei", "floor")
    own.person("tan", "planner")
    offered = {
        name: {deed for deed in ("acknowledge", "shelve", "out-of-service", "comment") if f"/alarms/{deed}" in html}
        for name in ("wang", "mei", "tan")
        for html in [read(signed_in(server, own, name), "/equipment/conveyor-1")]
    }
    assert offered == {
        "wang": set(),
        "mei": {"acknowledge", "shelve", "comment"},
        "tan": {"acknowledge", "shelve", "comment", "out-of-service"},
    }
    for name, deed, who_may in (
        ("wang", "acknowledge", "floor, planner, admin"),
        ("mei", "out-of-service", "planner, admin"),
    ):
        browser = signed_in(server, own, name)
        answer = browser.post(f"/alarms/{deed}", data={"csrf_token": token(browser), "alarm": LEVEL})
        assert answer.status_code == 403
        assert who_may in answer.get_data(as_text=True)


def test_an_alarm_that_never_was_changes_nothing(desk: FlaskClient, own: ConsoleHouse) -> None:
    """A form of long ago, or of somebody's own making."""
    do(desk, "acknowledge", "machine/nothing/level")
    do(desk, "comment", "nonsense", note="hello")
    assert state(own) == "unacknowledged"
    assert desk.get("/equipment/alarms/device/nothing").status_code == 404


def test_alarm_health_counts_what_a_person_must_bear(desk: FlaskClient, own: ConsoleHouse) -> None:
    """A chattering alarm is the noisiest, eleven at once are a flood, what is shelved is listed with its reason."""
    for _ in range(12):
        own.falls_ill("compressor-1")
        own.recovers("compressor-1")
    html = read(desk, "/equipment/alarms")
    noisiest = html.partition("The ten noisiest")[2].partition("</table>")[0]
    assert "chatters" in noisiest
    assert '<td class="n">12</td>' in noisiest
    assert html.count("too many") == 3  # the busiest ten minutes, a flood, one that chatters
    assert "Being repaired" in html.partition('id="away"')[2]
    for span in ("7d", "30d", "nonsense"):
        assert desk.get(f"/equipment/alarms?range={span}").status_code == 200


def test_a_silent_device_is_an_alarm_on_its_own_page(desk: FlaskClient, own: ConsoleHouse) -> None:
    """Today leads there."""
    own.falls_silent("ear-01")
    assert "/equipment/alarms/device/ear-01" in read(desk, "/")
    assert "It keeps its messages." in read(desk, "/equipment/alarms/device/ear-01")
    do(desk, "acknowledge", "device/ear-01/silent")
    assert state(own, "device/ear-01/silent") == "acknowledged"


def test_a_machines_charts_show_its_limits_and_what_happened(desk: FlaskClient) -> None:
    """The limits of its sensor profile with their source, and a tick for each line of the journal in the range."""
    for span in ("1h", "24h", "7d", "30d"):
        html = read(desk, f"/equipment/conveyor-1?range={span}")
        assert "ISO 10816-1 class I" in html, span
        assert 'class="limit warning"' in html, span
        assert 'class="mark"' in html, span
    assert "page=machine_long_ago" in html
