"""Bringing a file in the browser: check it, read what each row would do, post it, and bring it again."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from central.console.access import COOKIE
from central.store import demand
from tests.journeys.console_house import ConsoleHouse, furnished, serving

pytestmark = pytest.mark.browser

SALES = "day,sku,units,order\n2019-01-05,oat-milk-1l,3,R1\n2019-01-05,no-such,1,R2\n3/4/2026,oat-milk-1l,1,R3\n"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[ConsoleHouse]:
    """A house of this test's own."""
    house = furnished(tmp_path)
    yield house
    house.engine.dispose()


def desk(browser: Browser, house: ConsoleHouse, address: str, locale: str) -> Page:
    """Li's desk, in a language."""
    context = browser.new_context(base_url=address, locale=locale, viewport={"width": 1440, "height": 1200})
    context.add_cookies([{"name": COOKIE, "value": house.session_of("li"), "url": address}])
    return context.new_page()


def bring(page: Page, kind: str, text: str) -> None:
    """Choose a kind and a file, and have it checked."""
    page.goto("/setup/imports")
    page.locator("#import-kind").select_option(kind)
    file: FilePayload = {"name": "till.csv", "mimeType": "text/csv", "buffer": text.encode()}
    page.locator("#import-file").set_input_files(file)
    page.locator("form.panel button.primary").click()


def test_a_file_is_checked_then_posted_and_the_second_time_changes_nothing(browser: Browser, house: ConsoleHouse) -> None:
    """Rows that are wrong are named before anything happens; what is right goes in once."""
    with serving(house.parts) as address:
        page = desk(browser, house, address, "en-GB")
        bring(page, "sales", SALES)
        newest = page.locator("#files article").first
        expect(newest.locator(".state b")).to_have_text("checked")
        expect(newest).to_contain_text("There is no item no-such: import the catalogue first")
        expect(newest).to_contain_text("3/4/2026 can be two days: say whether the day or the month comes first")
        assert _sold(house) == 0
        newest.get_by_role("button", name="Post the rows").click()
        expect(newest.locator(".state b")).to_have_text("posted")
        assert _sold(house) == 3
        bring(page, "sales", SALES)
        expect(newest.locator(".state b")).to_have_text("checked")
        expect(newest.locator("dl.facts")).to_contain_text("Unchanged rows")
        newest.get_by_role("button", name="Post the rows").click()
        expect(newest.locator(".state b")).to_have_text("posted")
        assert _sold(house) == 3
        chinese = desk(browser, house, address, "zh-CN")
        chinese.goto("/setup/imports")
        expect(chinese.locator("h1")).to_have_text("导入")
        expect(chinese.locator("#files article").first).to_contain_text("没有商品 no-such：请先导入商品目录")


def test_a_file_that_is_no_table_says_what_to_do_and_is_discarded(browser: Browser, house: ConsoleHouse) -> None:
    """It is named with the remedy; nothing is left of it afterwards."""
    with serving(house.parts) as address:
        page = desk(browser, house, address, "en-GB")
        bring(page, "sales", "a,b\n1,2\n")
        newest = page.locator("#files article").first
        expect(newest.locator(".state b")).to_have_text("failed")
        expect(newest).to_contain_text("there is no column day, sku, units")
        newest.get_by_role("button", name="Discard").click()
        expect(page.locator("#files article")).to_have_count(0)
        assert list((Path(house.engine.url.database or "").parent / "uploads").iterdir()) == []


def test_a_template_can_be_taken(browser: Browser, house: ConsoleHouse) -> None:
    """Each kind has one, as workbook and as CSV."""
    with serving(house.parts) as address:
        page = desk(browser, house, address, "en-GB")
        page.goto("/setup/imports")
        got = page.request.get("/setup/imports/templates/sales.csv")
        assert got.ok
        assert got.text().lstrip("\ufeff").startswith("day,sku,units,order,line")
        assert page.request.get("/setup/imports/templates/sales.xlsx").body()[:2] == b"PK"
        assert page.request.get("/setup/imports/templates/nothing.csv").status == 404


def _sold(house: ConsoleHouse) -> float:
    with house.parts.reading() as conn:
        days = demand.units_by_day(conn, house.parts.site, "oat-milk-1l", date(2019, 1, 5), date(2019, 1, 6))
    return days.get(date(2019, 1, 5), 0)
