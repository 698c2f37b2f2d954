"""The console in Chromium: what a person sees, hears and presses, while the house goes on living."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from central.console.access import COOKIE
from central.store import decisions
from central.store.engine import reading
from tests.journeys.console_house import PASSWORD, ConsoleHouse, furnished, serving
from tests.unit.central.console.reading import open_proposal, pages

pytestmark = pytest.mark.browser

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
SIZES = {390: 844, 768: 1024, 1024: 768, 1440: 900}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleHouse]:
    """One house for this file: what its tests do to it, the others may see."""
    house = furnished(tmp_path_factory.mktemp("house"))
    yield house
    house.engine.dispose()


@pytest.fixture(scope="module")
def address(house: ConsoleHouse) -> Iterator[str]:
    """The web server over it."""
    with serving(house.parts) as address:
        yield address


def _context(browser: Browser, house: ConsoleHouse, address: str, name: str = "li", **options: object) -> BrowserContext:
    """A browser that `name` is signed in on."""
    context = browser.new_context(base_url=address, **{"locale": "en-GB", **options})  # type: ignore[arg-type]
    context.add_cookies([{"name": COOKIE, "value": house.session_of(name), "url": address}])
    return context


@pytest.fixture
def desk(browser: Browser, house: ConsoleHouse, address: str) -> Iterator[Page]:
    """Li's desk. Whatever the browser complains of, a forbidden script for one, fails the test."""
    context = _context(browser, house, address, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def test_signing_in_by_password(browser: Browser, address: str) -> None:
    """Name, password, Enter: Today."""
    context = browser.new_context(base_url=address, locale="en-GB")
    page = context.new_page()
    page.goto("/stock")
    page.get_by_label("Name").fill("li")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Stock")
    context.close()


def test_a_new_count_appears_by_itself(desk: Page, house: ConsoleHouse) -> None:
    """A camera counts; the open page shows it without being touched."""
    desk.goto("/stock")
    row = desk.locator("#shelf-c-04")
    expect(row).not_to_contain_text("−7")
    house.count("c-04", 3)
    expect(row).to_contain_text("−7")
    expect(desk.get_by_role("link", name="C-04: Differs from book").first).to_be_visible()


def test_a_machine_falls_ill_on_an_open_page(desk: Page, house: ConsoleHouse) -> None:
    """The inbox gains a row at its rank and its title counts it."""
    desk.goto("/")
    desk.locator("#inbox .row").first.wait_for()
    before = int(desk.get_by_role("heading", level=1).inner_text().split()[0])
    house.falls_ill("pump-1")
    expect(desk.locator("#machine-pump-1")).to_be_visible()
    expect(desk.get_by_role("heading", level=1)).to_have_text(f"{before + 1} things need you")
    house.recovers("pump-1")
    expect(desk.locator("#machine-pump-1")).to_have_count(0)


def test_the_row_under_the_pointer_does_not_move(desk: Page, house: ConsoleHouse) -> None:
    """While somebody points at the list, arrivals wait behind a button; they come in when the pointer leaves."""
    desk.goto("/")
    desk.locator("#inbox .row").last.hover()
    house.falls_ill("compressor-1")
    expect(desk.get_by_role("button", name="1 new")).to_be_visible()
    expect(desk.locator("#machine-compressor-1")).to_have_count(0)
    desk.get_by_role("heading", level=1).hover()
    expect(desk.locator("#machine-compressor-1")).to_be_visible()
    expect(desk.locator("#arrivals")).to_be_hidden()
    house.recovers("compressor-1")


def test_acknowledging_takes_one_press_or_one_key(desk: Page, house: ConsoleHouse) -> None:
    """The row says who has seen it; `a` does the same, in the row that has the focus and nowhere else."""
    house.falls_ill("pump-1")
    house.falls_ill("compressor-1")
    desk.goto("/")
    desk.locator("#machine-pump-1").get_by_role("button", name="Acknowledge").click()
    expect(desk.locator("#machine-pump-1")).to_contain_text("Acknowledged by li")
    desk.get_by_role("heading", level=1).hover()
    desk.locator("body").press("a")
    row = desk.locator("#machine-compressor-1")
    expect(row.get_by_role("button", name="Acknowledge")).to_be_visible()
    row.get_by_role("link").first.press("a")
    expect(row).to_contain_text("Acknowledged by li")
    for machine in ("pump-1", "compressor-1"):
        house.recovers(machine)
    desk.locator(".brand").focus()  # the list is left alone while somebody is in it
    expect(desk.locator("#machine-pump-1")).to_have_count(0)
    expect(desk.locator("#machine-compressor-1")).to_have_count(0)


def test_shelving_is_seen_by_everybody_at_once(desk: Page, browser: Browser, house: ConsoleHouse, address: str) -> None:
    """Three taps and a reason; the header of another's page counts it, and the alarm leaves that page's inbox."""
    house.falls_ill("compressor-1")
    context = _context(browser, house, address, "chen")
    other = context.new_page()
    other.goto("/")
    expect(other.locator("#machine-compressor-1")).to_be_visible()
    before = int(other.locator("#shelved").inner_text().split()[0])
    desk.goto("/")
    desk.locator("#machine-compressor-1").get_by_role("link", name="Shelve").click()
    alarm = desk.locator("#alarm-machine-level")
    alarm.get_by_text("Shelve…").click()
    alarm.get_by_label("15 minutes").check()
    alarm.locator("details[open]").get_by_label("Being repaired").check()
    alarm.get_by_role("button", name="Shelve the alarm").click()
    expect(alarm).to_contain_text("Shelved by li until")
    expect(other.locator("#machine-compressor-1")).to_have_count(0)
    expect(other.locator("#shelved")).to_contain_text(f"{before + 1} alarms shelved")
    alarm.get_by_role("button", name="Take it back now").click()
    expect(other.locator("#machine-compressor-1")).to_be_visible()
    house.recovers("compressor-1")
    context.close()


def test_approving_takes_one_press_and_can_be_undone(desk: Page, house: ConsoleHouse) -> None:
    """The row says who approved; Undo opens the proposal again; nothing else moved."""
    desk.goto("/")
    row = desk.locator(f"#proposal-{open_proposal(house)}")
    row.get_by_role("button", name="Approve").click()
    expect(row).to_contain_text("Approved by li")
    row.get_by_role("button", name="Undo (10 s)").click()
    expect(row.get_by_role("button", name="Approve")).to_be_visible()


def test_an_approved_row_leaves_when_it_can_no_longer_be_undone(desk: Page, house: ConsoleHouse) -> None:
    """Ten seconds later it is gone from the inbox, by itself."""
    decision_id = open_proposal(house)
    desk.goto("/")
    row = desk.locator(f"#proposal-{decision_id}")
    row.get_by_role("button", name="Approve").click()
    expect(row).to_contain_text("Approved by li")
    expect(row).to_have_count(0, timeout=15_000)
    with reading(house.engine) as conn:
        decision = decisions.get(conn, decision_id)
    assert decision is not None
    assert decision.state == "accepted"


def test_overriding_asks_for_a_reason(desk: Page, house: ConsoleHouse) -> None:
    """One of a few coded reasons, and a note; the history keeps both."""
    decision_id = open_proposal(house)
    desk.goto("/plan")
    desk.locator(f"#proposal-{decision_id}").get_by_role("link", name="Override").click()
    expect(desk.get_by_text("Why not?")).to_be_visible()
    desk.locator("#override").get_by_label("A local event").check()
    desk.locator("#override").get_by_label("Note (optional)").fill("harbour closed on Thursday")
    desk.get_by_role("button", name="Override the proposal").click()
    expect(desk.get_by_text("Overridden by li")).to_be_visible()
    expect(desk.locator("#why")).to_contain_text("A local event · harbour closed on Thursday")


def test_a_form_in_use_stays_open_while_the_page_lives_on(desk: Page, house: ConsoleHouse) -> None:
    """A count that redraws the page neither shuts the form, nor takes the focus, nor what was typed."""
    desk.goto(f"/why/decision/{open_proposal(house)}")
    desk.locator("#override summary").click()
    desk.locator("#override").get_by_label("Note (optional)").fill("a fair next week")
    desk.evaluate("document.body.addEventListener('htmx:sse:after:message', () => { document.body.dataset.redrawn = 1; })")
    house.count("b-04")
    expect(desk.locator("body[data-redrawn]")).to_be_attached()
    expect(desk.locator("#override")).to_have_attribute("open", "")
    expect(desk.locator("#override").get_by_label("Note (optional)")).to_be_focused()
    expect(desk.locator("#override").get_by_label("Note (optional)")).to_have_value("a fair next week")


def test_from_a_decision_to_its_picture_in_one_step(desk: Page, house: ConsoleHouse) -> None:
    """Why shows the picture with a box for each unit, on the page itself."""
    house.count("b-04", 4)
    house.decide()
    desk.goto("/")
    desk.locator(".row", has_text="Oat milk").get_by_role("link", name="Why").last.click()
    frame = desk.locator("#why .frame")
    expect(frame.locator("rect.over")).to_have_count(4)
    expect(frame.locator("img")).to_have_js_property("complete", True)
    assert frame.locator("img").evaluate("image => image.naturalWidth") > 100


def test_a_wrong_count_is_decided_again_before_ones_eyes(desk: Page, house: ConsoleHouse) -> None:
    """Calling a count wrong strikes it out, and the page shows what is decided instead."""
    house.count("a-01", 1)
    house.decide()
    with reading(house.engine) as conn:
        decision = decisions.page(conn, "s1", states=("proposed",), subject="pasta-500g", limit=1)[0]
    desk.goto(f"/why/decision/{decision.id}")
    desk.get_by_role("button", name="This count is wrong").click()
    expect(desk.locator(".cause.struck")).to_contain_text("called wrong")
    house.decide()
    expect(desk.locator("#why")).to_contain_text("Decided again since:")
    desk.goto("/stock/shelves/a-01")
    expect(desk.locator("#trend")).to_contain_text("called wrong")


def test_two_people_on_one_proposal(desk: Page, browser: Browser, house: ConsoleHouse, address: str) -> None:
    """Whoever comes second is told who settled it, and sees the row as it is now."""
    row = f"#proposal-{open_proposal(house)}"
    context = _context(browser, house, address, "chen")
    late = context.new_page()
    late.route("**/events*", lambda route: route.abort())  # a page that does not hear of it
    late.goto("/plan")
    desk.goto("/plan")
    desk.locator(row).get_by_role("button", name="Approve").click()
    expect(desk.locator(row)).to_contain_text("Approved by li")
    late.locator(row).get_by_role("button", name="Approve").click()
    expect(late.locator("#notice")).to_contain_text("li settled this at")
    expect(late.locator(row)).to_contain_text("Approved by li")
    context.close()


def test_a_lost_server_is_said_and_comes_back(browser: Browser, house: ConsoleHouse) -> None:
    """The strip says since when nothing is live; it goes when the server is back, and what was missed is there."""
    with serving(house.parts) as address:
        port = int(address.rpartition(":")[2])
        context = _context(browser, house, address)
        page = context.new_page()
        page.goto("/stock")
        expect(page.locator("#shelf-a-01")).to_be_visible()
    expect(page.locator("#lost")).to_contain_text("Not live since", timeout=15_000)
    house.count("a-04", 2)
    with serving(house.parts, port):
        expect(page.locator("#lost")).to_be_hidden(timeout=20_000)
        expect(page.locator("#shelf-a-04")).to_contain_text("2")
        context.close()


def test_a_viewer_has_no_buttons(browser: Browser, house: ConsoleHouse, address: str) -> None:
    """What a role may not do is absent."""
    context = _context(browser, house, address, "wang")
    page = context.new_page()
    page.goto("/plan")
    expect(page.get_by_role("link", name="Why").first).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    context.close()


def test_without_script_everything_works(browser: Browser, house: ConsoleHouse, address: str) -> None:
    """Forms are forms: approve, language, theme."""
    context = _context(browser, house, address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/plan")
    page.get_by_role("button", name="Approve").first.click()
    expect(page.get_by_text("Approved by li").first).to_be_visible()
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("计划")
    page.get_by_role("button", name="English").click()
    context.close()


@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [("en-GB", "light", 768), ("zh-CN", "dark", 768), ("en-GB", "dark", 1440), ("zh-CN", "light", 1440)],
)
def test_pages_are_accessible(
    browser: Browser, house: ConsoleHouse, address: str, language: str, scheme: str, width: int
) -> None:
    """No violation of WCAG 2.0 to 2.2, A and AA, on any page: both languages, both themes, both sizes, pairwise."""
    context = _context(
        browser, house, address, locale=language, color_scheme=scheme, viewport={"width": width, "height": 6000}
    )  # so high that the bar at the bottom covers nothing
    page = context.new_page()
    for path in [*pages(house), "/nowhere"]:
        page.goto(path)
        found = Axe().run(page, options=RULES).response["violations"]
        assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == [], path
    context.close()


@pytest.mark.parametrize(
    ("width", "language"), [(390, "en-GB"), (390, "zh-CN"), (768, "en-GB"), (1024, "zh-CN"), (1440, "en-GB")]
)
def test_pages_fit_every_screen(browser: Browser, house: ConsoleHouse, address: str, width: int, language: str) -> None:
    """No sideways scroll; whatever is pressed is at least 44 px high."""
    context = _context(browser, house, address, locale=language, viewport={"width": width, "height": SIZES[width]})
    page = context.new_page()
    for path in pages(house):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        low = page.locator("button:visible, .button:visible, nav a, summary:visible").evaluate_all(
            "all => all.filter(one => one.getBoundingClientRect().height < 44).map(one => one.outerHTML)"
        )
        assert low == [], path
    context.close()


def test_nothing_leaves_the_house(desk: Page, house: ConsoleHouse, address: str) -> None:
    """Every request goes to this server."""
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    for path in pages(house):
        desk.goto(path)
    assert asked
    assert [url for url in asked if not url.startswith(address)] == []


def test_a_page_can_be_printed(browser: Browser, house: ConsoleHouse, address: str) -> None:
    """On paper there are no bars and no buttons."""
    context = _context(browser, house, address)
    page = context.new_page()
    page.goto("/stock")
    page.emulate_media(media="print")
    expect(page.locator("nav.rooms")).to_be_hidden()
    expect(page.locator(".tools")).to_be_hidden()
    context.close()
