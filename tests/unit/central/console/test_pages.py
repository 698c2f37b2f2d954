"""Pages as they are sent: who gets in, what stands on them, what they may do, in which words."""

import re
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
from babel.support import NullTranslations
from flask import Flask
from flask.testing import FlaskClient

from central.app import create_app
from central.console import live
from central.console.assets import FOLDER
from central.identity import sessions
from central.identity.attempts import FREE_OF_NAME
from central.store import boots, changes, devices, reviews
from central.store.boots import Boot
from central.store.engine import reading, writing
from central.translations import catalogue
from tests.journeys.console_house import BROKER, PASSWORD, ConsoleHouse, copy_of, empty
from tests.unit.central.console.conftest import signed_in
from tests.unit.central.console.reading import open_proposal, pages, spoken, token


def test_every_page_is_there(li: FlaskClient, house: ConsoleHouse) -> None:
    """Each answers, in both languages, and holds one main heading."""
    for path in pages(house):
        for language in ("en-GB", "zh-CN"):
            answer = li.get(path, headers={"Accept-Language": language})
            assert answer.status_code == 200, path
            assert answer.get_data(as_text=True).count("<h1") == 1, path


def test_a_stranger_is_sent_to_the_door(app: Flask, house: ConsoleHouse) -> None:
    """No page, picture or stream without a session; afterwards one is where one wanted to be."""
    stranger = app.test_client()
    for path in pages(house):
        assert stranger.get(path).headers["Location"].startswith("/sign-in"), path
    assert stranger.get("/stock?state=low").headers["Location"] == "/sign-in?next=/stock?state%3Dlow"
    assert stranger.get("/events?page=today", headers={"HX-Request": "true"}).status_code == 401


def test_name_and_password_let_in(app: Flask) -> None:
    """The right ones lead to the page that was wanted, wrong ones nowhere."""
    browser = app.test_client()
    form = {"name": "li", "password": PASSWORD, "next": "/stock", "csrf_token": token(browser, "/sign-in")}
    assert browser.post("/sign-in", data=form | {"password": "oat milk"}).status_code == 403
    assert browser.post("/sign-in", data=form | {"name": "nobody"}).status_code == 403
    answer = browser.post("/sign-in", data=form)
    assert answer.headers["Location"] == "/stock"
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert browser.get("/stock").status_code == 200


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example", "/\n/x"]
)
def test_the_door_leads_nowhere_else(app: Flask, elsewhere: str) -> None:
    """An address of another house is not followed."""
    browser = app.test_client()
    form = {"name": "li", "password": PASSWORD, "next": elsewhere, "csrf_token": token(browser, "/sign-in")}
    assert browser.post("/sign-in", data=form).headers["Location"] == "/"


def test_guessing_a_password_is_slowed_down(house: ConsoleHouse) -> None:
    """After a few wrong ones even the right one has to wait; the page says how long, and nobody else waits."""
    app = create_app(house.parts, secret_key=b"of this test only")
    browser = app.test_client()
    form = {"name": "li", "password": "oat milk", "csrf_token": token(browser, "/sign-in")}
    answers = [browser.post("/sign-in", data=form).status_code for _ in range(FREE_OF_NAME)]
    assert answers == [403] * FREE_OF_NAME
    refused = browser.post("/sign-in", data=form | {"password": PASSWORD})
    assert refused.status_code == 429
    assert "Wait 1 second and" in refused.get_data(as_text=True)
    desk = signed_in(app, house, "li")
    change = {"csrf_token": token(desk), "old": PASSWORD, "new": PASSWORD}
    assert desk.post("/setup/account/password", data=change).status_code == 429
    assert browser.post("/sign-in", data=form | {"name": "wang", "password": PASSWORD}).status_code == 302
    live.stop(app)


def test_a_new_password_ends_every_other_sign_in(app: Flask, house: ConsoleHouse) -> None:
    """Whoever came in by the old one is out; the browser that changed it stays."""
    desk, thief = signed_in(app, house, "wang"), signed_in(app, house, "wang")
    form = {"csrf_token": token(desk), "old": PASSWORD, "new": PASSWORD}
    assert desk.post("/setup/account/password", data=form).status_code == 303
    assert thief.get("/").status_code == 302
    assert desk.get("/").status_code == 200


def test_forms_of_before_the_sign_in_are_worth_nothing_after(app: Flask) -> None:
    """Whoever sat at this browser before knows no token that still counts."""
    browser = app.test_client()
    before = token(browser, "/sign-in")
    browser.post("/sign-in", data={"name": "li", "password": PASSWORD, "csrf_token": before})
    assert browser.post("/sign-out", data={"csrf_token": before}).status_code == 400


def test_the_next_person_reads_their_own_language(app: Flask, house: ConsoleHouse) -> None:
    """Signing out takes along what was chosen on a shared tablet."""
    tablet = signed_in(app, house, "wang")
    tablet.post("/preferences", data={"csrf_token": token(tablet), "language": "zh_Hans"})
    tablet.post("/sign-out", data={"csrf_token": token(tablet)})
    assert 'lang="en"' in tablet.get("/sign-in", headers={"Accept-Language": "en"}).get_data(as_text=True)
    again = signed_in(app, house, "wang")
    assert 'lang="zh-Hans"' in again.get("/", headers={"Accept-Language": "en"}).get_data(as_text=True)
    again.post("/preferences", data={"csrf_token": token(again), "language": "en"})


def test_a_link_lets_in_once(app: Flask, house: ConsoleHouse) -> None:
    """The link that `up` prints opens Today; a second use says how to get another."""
    with writing(house.engine) as conn:
        secret = sessions.sign_in_link(conn, "li", house.now())
    browser = app.test_client()
    assert browser.get(f"/sign-in/link/{secret}").headers["Location"] == "/"
    assert browser.get("/").status_code == 200
    again = app.test_client().get(f"/sign-in/link/{secret}")
    assert again.status_code == 403
    assert "tallyhouse user link" in again.get_data(as_text=True)


def test_a_session_that_was_ended_is_over(app: Flask, house: ConsoleHouse) -> None:
    """Signing out elsewhere, or here, closes the door at the next step."""
    desk, tablet = signed_in(app, house, "li"), signed_in(app, house, "li")
    desk.post("/setup/account/sessions", data={"csrf_token": token(desk)})
    assert tablet.get("/").status_code == 302
    assert desk.get("/").status_code == 200
    desk.post("/sign-out", data={"csrf_token": token(desk)})
    assert desk.get("/").status_code == 302


def test_a_form_without_its_token_changes_nothing(li: FlaskClient, house: ConsoleHouse) -> None:
    """A page of another site cannot approve in our name."""
    decision_id = open_proposal(house)
    answer = li.post(f"/decisions/{decision_id}/approve")
    assert answer.status_code == 400
    with reading(house.engine) as conn:
        assert reviews.valid(conn, decision_id) is None


def test_a_viewer_sees_no_button_and_is_refused(wang: FlaskClient, house: ConsoleHouse) -> None:
    """What a role lacks is absent; asked for all the same, it is refused and says who may."""
    for path in ("/", "/plan", f"/why/decision/{open_proposal(house)}", "/why/event/eye-01/101"):
        html = wang.get(path).get_data(as_text=True)
        assert "/approve" not in html
        assert "/override" not in html
        assert "/wrong" not in html
    form = {"csrf_token": token(wang)}
    for path in (f"/decisions/{open_proposal(house)}/approve", "/counts/1/wrong"):
        answer = wang.post(path, data=form)
        assert answer.status_code == 403
        assert "admin" in answer.get_data(as_text=True)


def test_without_script_a_form_leads_back_to_its_page(house: ConsoleHouse, tmp_path: Path) -> None:
    """Approving works as an ordinary form: the verdict is kept, the page is loaded again."""
    house = copy_of(house, tmp_path)
    app = create_app(house.parts, secret_key=b"of this test only")
    browser, decision_id = signed_in(app, house, "li"), open_proposal(house)
    form = {"csrf_token": token(browser), "next": "/plan"}
    answer = browser.post(f"/decisions/{decision_id}/approve", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/plan")
    assert "Approved by li" in browser.get("/plan").get_data(as_text=True)
    browser.post(f"/decisions/{decision_id}/override", data=form | {"reason": "other"})
    assert "li settled this at" in browser.get("/plan").get_data(as_text=True)
    live.stop(app)
    house.engine.dispose()


def test_the_stream_begins_at_once_and_resumes(li: FlaskClient) -> None:
    """The first byte sends the headers; what changed after the reader's last row comes with the row's number."""
    answer = li.get("/events?page=today&after=0", headers={"HX-Request": "true"})
    assert answer.mimetype == "text/event-stream"
    assert "Content-Encoding" not in answer.headers
    stream = iter(answer.response)
    assert next(stream) == b": open\n\n"
    first = next(stream)
    assert isinstance(first, bytes)
    text = first.decode()
    assert re.match(r"id: [1-9]\d*\n", text)
    assert 'hx-target="#inbox"' in text
    answer.close()


def test_a_stream_from_a_row_that_never_was_begins_now(li: FlaskClient, house: ConsoleHouse) -> None:
    """After a backup was put back, pages that were open hear of what comes, not only of what passes their old row."""
    with reading(house.engine) as conn:
        newest = changes.newest(conn)
    answer = li.get(f"/events?page=today&after={'9' * 18}", headers={"HX-Request": "true"})
    stream = iter(answer.response)
    assert next(stream) == b": open\n\n"
    with writing(house.engine) as conn:
        changes.log(conn, "s1", "device", "eye-01", house.now())
    first = next(stream)
    assert isinstance(first, bytes)
    assert first.startswith(f"id: {newest + 1}\n".encode())
    answer.close()


def test_the_policy_allows_this_house_only(li: FlaskClient) -> None:
    """Nothing inline, nothing from elsewhere, no frames around us, nothing sniffed."""
    for path in ("/", "/sign-in", "/nowhere", "/events?page=nothing"):
        headers = li.get(path).headers
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_pages_carry_nothing_inline(li: FlaskClient, house: ConsoleHouse) -> None:
    """No style attribute, no handler, no script between tags: the policy would forbid them."""
    for path in pages(house):
        html = li.get(path).get_data(as_text=True)
        assert not re.search(r"\sstyle=|\son[a-z]+=|<script(?![^>]*src=)|javascript:|hx-on", html), path
        assert not re.search(r"https?://(?!127\.0\.0\.1)", re.sub(r'xmlns="[^"]*"', "", html)), path


def test_assets_are_kept_for_good_under_their_hash(li: FlaskClient) -> None:
    """The address changes with the content, so a browser never asks twice; a wrong hash is not served."""
    css = (FOLDER / "console.css").read_bytes()
    address = f"/assets/{sha256(css).hexdigest()[:12]}/console.css"
    answer = li.get(address)
    assert answer.data == css
    assert "immutable" in answer.headers["Cache-Control"]
    for other in ("/assets/000000000000/console.css", "/assets/0/../today.py", address.replace(".css", ".scss")):
        assert li.get(other).status_code == 404


def test_pages_are_light(li: FlaskClient, house: ConsoleHouse) -> None:
    """Compressed, a page with all it loads stays under 60 kB."""
    for path in pages(house):
        answer = li.get(path, headers={"Accept-Encoding": "gzip"})
        html = li.get(path).get_data(as_text=True)
        assets = [li.get(url, headers={"Accept-Encoding": "gzip"}) for url in set(re.findall(r'/assets/[^"#]+', html))]
        assert answer.headers["Content-Encoding"] == "gzip"
        assert len(answer.data) < 15_000, path
        assert len(answer.data) + sum(len(asset.data) for asset in assets) < 60_000, path


def test_an_empty_house_says_what_to_do(new_house: ConsoleHouse) -> None:
    """A new house names the commands that fill it, and the broker's address."""
    app = create_app(new_house.parts, secret_key=b"of this test only")
    browser = signed_in(app, new_house, "li")
    today = browser.get("/").get_data(as_text=True)
    assert "No devices yet" in today
    assert "tallyhouse device add eye-01" in today
    assert BROKER in today
    for path in ("/stock", "/equipment", "/plan", "/setup/devices"):
        answer = browser.get(path)
        assert answer.status_code == 200
        assert 'class="panel empty"' in answer.get_data(as_text=True)
    live.stop(app)


def test_what_is_not_there_is_said(li: FlaskClient) -> None:
    """A page, shelf, machine, decision or event that does not exist: 404 with a way back."""
    for path in (
        "/nowhere",
        "/stock/shelves/z-99",
        "/equipment/mill-9",
        "/why/decision/x",
        "/why/event/eye-01/9",
        "/why/event/eye-01/99999999999999999999",
        f"/why/event/eye-01/{'9' * 5000}",
        "/evidence/x",
    ):
        answer = li.get(path)
        assert answer.status_code == 404, path
        assert 'href="/"' in answer.get_data(as_text=True)


def test_a_broken_page_says_what_was_kept(house: ConsoleHouse, tmp_path: Path) -> None:
    """An error inside gives a number to quote, not a trace."""
    bare = empty(tmp_path)
    app = create_app(bare.parts, secret_key=b"of this test only")

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("a secret detail")

    answer = app.test_client().get("/broken")
    assert answer.status_code == 500
    assert "a secret detail" not in answer.get_data(as_text=True)
    assert re.search(r"<strong>[0-9a-f]{8}</strong>", answer.get_data(as_text=True))
    live.stop(app)
    bare.engine.dispose()


def test_language_and_theme_are_chosen_on_the_page(app: Flask, house: ConsoleHouse) -> None:
    """The choice outlives the browser's own wish; a language nobody speaks is ignored."""
    browser = signed_in(app, house, "wang")
    form = {"csrf_token": token(browser), "next": "/stock"}
    assert browser.post("/preferences", data=form | {"language": "zh_Hans", "theme": "dark"}).headers["Location"] == "/stock"
    html = browser.get("/stock", headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert '<html lang="zh-Hans" data-theme="dark">' in html
    assert "库存" in html
    browser.post("/preferences", data=form | {"language": "tlh", "theme": "pink"})
    assert 'lang="zh-Hans"' in browser.get("/").get_data(as_text=True)
    browser.post("/preferences", data=form | {"language": "en"})


def test_a_password_is_set_and_changed(app: Flask, house: ConsoleHouse) -> None:
    """It must be long enough, and whoever has one must know it."""
    browser = signed_in(app, house, "wang")
    form = {"csrf_token": token(browser), "old": PASSWORD}
    assert browser.post("/setup/account/password", data=form | {"new": "short"}).status_code == 422
    assert browser.post("/setup/account/password", data=form | {"old": "wrong", "new": "long enough!"}).status_code == 403
    assert browser.post("/setup/account/password", data=form | {"new": PASSWORD}).status_code == 303


class _Pseudo(NullTranslations):
    """A language in which every sentence stands in brackets: what has none was never translated."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    ugettext = gettext

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"

    ungettext = ngettext


def _without_brackets(text: str) -> str:
    """What no translation covers; a translated sentence may hold translated words."""
    shorter = re.sub(r"⟦[^⟦⟧]*⟧", "", text)
    return shorter if shorter == text else _without_brackets(shorter)


def test_no_word_stands_on_a_page_untranslated(
    li: FlaskClient, house: ConsoleHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rendered in a made-up language, every word is in brackets, but for names that the house gave and units."""
    monkeypatch.setattr(catalogue, "translations", lambda _locale: _Pseudo())
    named = re.compile(
        r"Harbour Street|Aisle [ABC]|Inspection belt|Conveyor|Air compressor|Cooling pump|Tallyhouse|JSON|English|中文|li\b|"
        r"(eye|ear)-01|cam-\d|plant|line-1|mm/s|°C|MB|\bA\b|\bs\b|[a-c]-\d\d|shelf-units [\d.]+|\bA\d?\b|[A-C]-\d\d|"
        r"the signature does not fit.*|tallyhouse/v1\S*|[0-9a-f]{12}|…[0-9a-f]{6}|Northfield Foods|Kontor Dry Goods|"
        r"Clearwater Home|[A-Z][a-z-]+( [a-z]+)* [\d.]+ ?(g|kg|l|ml)\b"
    )
    for path in pages(house):
        for text in spoken(li.get(path).get_data(as_text=True)):
            bare = named.sub("", _without_brackets(text))
            assert not re.search(r"[A-Za-z]{2}", bare), f"{path}: {text!r}"


def test_a_device_shows_what_came_ahead_and_what_was_dated(house: ConsoleHouse, tmp_path: Path) -> None:
    """And the number behind which a new outbox must begin."""
    house = copy_of(house, tmp_path)
    with writing(house.engine) as conn:
        devices.put_ledgers(conn, [replace(devices.ledgers_of(conn, ["eye-01"])["eye-01"], news=7, ahead=4321)])
        boots.put(conn, [Boot("eye-01", "first", 1, 0, False, None, None, redated=12)])
    app = create_app(house.parts, secret_key=b"of this test only")
    page = signed_in(app, house, "li").get("/setup/devices").get_data(as_text=True)
    said = [piece.strip() for piece in spoken(page) if piece.strip()]
    shown = {("Last number here", "4321"), ("Alarms sent ahead", "7"), ("Dated by the centre", "12")}
    assert shown <= set(pairwise(said))
    live.stop(app)
    house.engine.dispose()
