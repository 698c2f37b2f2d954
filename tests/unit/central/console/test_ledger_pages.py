"""Completeness and keeping as people see them: marks, words, what is missing, what goes next."""

from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient

from central.app import create_app
from central.background.retention import measure
from central.console import live
from central.store import backups, devices, ledger_days
from central.store.backups import BackupRow
from central.store.devices import Device, Ledger
from central.store.engine import writing
from central.store.ledger_days import LedgerDay, Verdict
from tests.journeys.console_house import SITE, ConsoleHouse
from tests.unit.central.console.conftest import signed_in
from tests.unit.central.console.reading import spoken


def day(house: ConsoleHouse, back: int, verdict: Verdict, **changes: int) -> LedgerDay:
    """A day of eye-09, so many days ago."""
    figures = {"opening": 0, "closing": 10, "stored": 10, "declared_lost": 0, "quarantined": 0, "duplicates": 0}
    figures |= {"missing": 0, "unaccounted": 0} | changes
    when: date = house.now().date() - timedelta(days=back)
    return LedgerDay(device="eye-09", day=when, verdict=verdict, recorded_at=house.now(), completed_at=None, **figures)


@pytest.fixture
def kept_books(new_house: ConsoleHouse) -> ConsoleHouse:
    """A house with one device whose three days came out differently."""
    with writing(new_house.engine) as conn:
        devices.add(conn, Device("eye-09", SITE, "Eye", "key", new_house.now()))
        devices.put_ledgers(conn, [Ledger("eye-09", cursor=30, highest_seen=35, stored=28, declared_lost=2)])
        lost = day(new_house, 2, "declared_loss", stored=8, declared_lost=2)
        late = day(new_house, 1, "incomplete", missing=5)
        ledger_days.add(conn, [day(new_house, 3, "complete"), lost, late])
    return new_house


def page(house: ConsoleHouse, path: str) -> str:
    """A page as the admin reads it."""
    app = create_app(house.parts, secret_key=b"of this test only")
    browser: FlaskClient = signed_in(app, house, "li")
    html = browser.get(path).get_data(as_text=True)
    live.stop(app)
    return html


def test_each_day_has_its_mark_and_only_remarkable_ones_a_row(kept_books: ConsoleHouse) -> None:
    """A mark and a word for each verdict; the table below names what was missing and lost."""
    html = page(kept_books, "/setup/ledger")
    assert [html.count(f'class="day {verdict}"') for verdict in ("complete", "declared_loss", "incomplete")] == [1, 1, 1]
    words = spoken(html)
    yesterday = str(kept_books.now().date() - timedelta(days=1))
    assert words.count(yesterday) >= 1
    assert {"Incomplete", "Loss declared"} <= set(words)
    assert "35" in words


def test_a_row_that_vanished_is_said_in_the_first_table(kept_books: ConsoleHouse) -> None:
    """The newest audit did not find two events."""
    with writing(kept_books.engine) as conn:
        conn.exec_driver_sql("UPDATE ledger_days SET unaccounted = 2 WHERE verdict = 'incomplete'")
    assert "2 not found" in spoken(page(kept_books, "/setup/ledger"))


def test_days_can_be_taken_along(kept_books: ConsoleHouse) -> None:
    """One line a day below the names of the columns."""
    lines = page(kept_books, "/setup/ledger/days.csv").splitlines()
    assert lines[0].startswith("device,day,opening,closing")
    assert len(lines) == 4


def test_a_house_without_a_backup_is_told_how_to_make_one(new_house: ConsoleHouse) -> None:
    """And one whose last attempt failed, why."""
    assert "There is no backup" in page(new_house, "/setup/keeping")
    with writing(new_house.engine) as conn:
        backups.add(conn, BackupRow(new_house.now(), "/mnt/b/1", 2_000_000, 1.0))
        backups.add(conn, BackupRow(new_house.now(), "/mnt/b", 0, 1.0, "no space left"))
    assert "Counted once an hour" in page(new_house, "/setup/keeping")
    measure(new_house.parts, new_house.now())
    html = page(new_house, "/setup/keeping")
    assert "There is no backup" not in html
    assert "2.0 MB written" in html
    assert "no space left" in html
    assert "Pictures and stretches" in html
    assert "these figures are of" in html
