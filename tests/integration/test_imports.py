"""Files into a real house: every row gets a verdict, what is right goes in, the same again changes nothing."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine

from central import house_file
from central.demo import company
from central.errors import SpreadsheetError
from central.imports import posting, registry, templates
from central.imports.findings import Finding, Verdict
from central.imports.report import Report, Tally
from central.imports.run import Doors
from central.imports.words import worded
from central.spreadsheets import reading as spreadsheets
from central.spreadsheets.cells import Conventions
from central.store import (
    catalogue,
    demand,
    item_traits,
    positions,
    prices,
    promotions,
    purchase_orders,
    returns,
    supplier_terms,
)
from central.store.engine import reading, writing
from central.store.facts import Fact
from tests.parts.centre import migrated

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SITE = "s1"
DAY = date(2026, 11, 1)
SUNDAYS = "day,sku,units\n2026-11-01,oat-milk-1l,4\n2026-11-02,oat-milk-1l,5\n"


class House:
    """The demo's catalogue in a database, and a way to import into it."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine, self.folder = engine, folder
        self.facts: list[Fact] = []

    def take(self, kind: str, text: str | bytes, how: Conventions | None = None, *, rehearse: bool = False) -> list[Verdict]:
        """The verdicts on a file."""
        return self.reported(kind, text, how, rehearse=rehearse)[0]

    def reported(
        self, kind: str, text: str | bytes, how: Conventions | None = None, *, rehearse: bool = False
    ) -> tuple[list[Verdict], Report]:
        """The verdicts on a file, and what they come to."""
        path = self.folder / "file"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        found = registry.kind_named(kind)
        job = posting.prepared(found, spreadsheets.opened(path), how or Conventions(), self._reading, SITE, NOW)
        doors = Doors(self._reading, None if rehearse else self._writing, lambda _conn, facts: self.facts.extend(facts), "t")
        tally = Tally()
        return list(tally.counted(job.verdicts(doors))), tally.report(job.findings)

    def read(self) -> AbstractContextManager[Connection]:
        """A connection to look."""
        return self._reading()

    def _reading(self) -> AbstractContextManager[Connection]:
        return reading(self.engine)

    def _writing(self) -> AbstractContextManager[Connection]:
        return writing(self.engine)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house with the demo's catalogue and nothing else."""
    with migrated(tmp_path / "house.db") as engine:
        with writing(engine) as conn:
            catalogue.put(conn, house_file.read(company.HOUSE_FILE).records())
        yield House(engine, tmp_path)


def states(verdicts: Sequence[Verdict]) -> list[str]:
    """What became of each row."""
    return [verdict.state for verdict in verdicts]


def codes(verdicts: Sequence[Verdict]) -> list[list[str]]:
    """What was found in each row."""
    return [[finding.code for finding in (*verdict.faults, *verdict.notes)] for verdict in verdicts]


def sold(house: House, sku: str = "oat-milk-1l") -> dict[date, float]:
    """What the house believes was sold in November."""
    with house.read() as conn:
        return demand.units_by_day(conn, SITE, sku, DAY, date(2026, 12, 1))


def test_the_same_file_twice_changes_nothing(house: House) -> None:
    """Sales are counted once however often their file comes."""
    assert states(house.take("sales", SUNDAYS)) == ["new", "new"]
    assert states(house.take("sales", SUNDAYS)) == ["unchanged", "unchanged"]
    assert sold(house) == {date(2026, 11, 1): 4, date(2026, 11, 2): 5}


def test_a_corrected_line_takes_back_what_it_said(house: House) -> None:
    """Four become six on that day, not ten; a sale that becomes a return leaves demand at nothing."""
    house.take("sales", SUNDAYS)
    assert states(house.take("sales", "day,sku,units\n2026-11-01,oat-milk-1l,6\n")) == ["changed"]
    assert sold(house)[DAY] == 6
    house.take("sales", "day,sku,units\n2026-11-01,oat-milk-1l,-2\n")
    assert sold(house)[DAY] == 0
    with house.read() as conn:
        assert returns.units_by_day(conn, SITE, "oat-milk-1l", DAY, date(2026, 12, 1)) == {DAY: 2}


def test_a_rehearsal_says_the_same_and_changes_nothing(house: House) -> None:
    """The preview's verdicts are those of the import."""
    rehearsed = house.take("sales", SUNDAYS, rehearse=True)
    assert sold(house) == {}
    assert house.take("sales", SUNDAYS) == rehearsed


def test_what_is_right_goes_in_beside_what_is_wrong(house: House) -> None:
    """Each bad row is named with its column and what stands in it."""
    text = (
        "Datum;day;SKU;Quantity\n"
        ";2026-11-01;oat-milk-1l;4\n"
        ";2026-11-01;no-such;4\n"
        ";3/4/2026;oat-milk-1l;4\n"
        ";2026-11-03;oat-milk-1l;viele\n"
        ";2026-11-04;oat-milk-1l;\n"
        ";2027-01-01;oat-milk-1l;1\n"
        ";2026-11-05;oat-milk-1l;1,5\n"
    )
    verdicts, report = house.reported("sales", text)
    assert codes(verdicts) == [
        [],
        ["unknown_sku"],
        ["ambiguous_day"],
        ["no_number"],
        ["missing"],
        ["in_the_future"],
        ["part_of_a_unit"],
    ]
    assert verdicts[3].faults == (Finding("no_number", "units", "viele"),)
    assert worded(verdicts[1].faults[0]) == "There is no item no-such: import the catalogue first"
    assert sold(house) == {DAY: 4, date(2026, 11, 5): 1.5}
    assert report.counts == {"new": 2, "changed": 0, "unchanged": 0, "refused": 5}
    assert Finding("unknown_heading", "", "Datum") in report.findings


def test_a_duplicate_line_is_taken_once_and_a_contradiction_is_refused(house: House) -> None:
    """With order numbers: the same line twice is one; two lines that differ need line numbers."""
    text = (
        "day,sku,units,order\n"
        "2026-11-01,oat-milk-1l,2,R1\n"
        "2026-11-01,oat-milk-1l,2,R1\n"
        "2026-11-01,oat-milk-1l,3,R1\n"
        "2026-11-01,oat-milk-1l,3,R2\n"
    )
    verdicts = house.take("sales", text)
    assert states(verdicts) == ["new", "unchanged", "refused", "new"]
    assert codes(verdicts) == [[], ["repeats_row"], ["contradicts_row"], []]
    assert verdicts[2].faults[0].written == "2"
    assert sold(house) == {DAY: 5}


def test_returns_never_make_demand_negative(house: House) -> None:
    """A negative sale and a return are both kept apart."""
    verdicts = house.take("sales", "day,sku,units,order\n2026-11-01,oat-milk-1l,-3,R9\n")
    assert codes(verdicts) == [["taken_as_return"]]
    house.take("returns", "day,sku,units,order\n2026-11-01,oat-milk-1l,2,R9\n")
    assert sold(house).get(DAY, 0) == 0
    with house.read() as conn:
        assert returns.units_by_day(conn, SITE, "oat-milk-1l", DAY, date(2026, 12, 1)) == {DAY: 5}


def test_the_whole_file_shows_gaps_new_and_dead_items(house: House) -> None:
    """A year that is missing is named, and items that stopped, began or never sold."""
    rows = ["2024-01-01,pasta-500g,1", "2024-01-02,honey-350g,1", "2026-10-30,honey-350g,1", "2026-11-01,oat-milk-1l,1"]
    _, report = house.reported("sales", "day,sku,units\n" + "\n".join(rows) + "\n")
    found = {finding.code: finding.written for finding in report.findings}
    assert found["no_sales_between"] == "2024-01-03 – 2026-10-29"
    assert found["no_longer_sold"] == "pasta-500g"
    assert found["new_items"] == "oat-milk-1l"
    assert "green-tea-100g" in found["never_sold"]
    assert found["never_sold"].endswith("(9)")


def test_headings_are_read_in_chinese_and_from_gb18030(house: House) -> None:
    """As a Chinese Excel writes it."""
    text = "日期,货号,数量\n2026年11月1日,oat-milk-1l,4\n"
    assert states(house.take("sales", text.encode("gb18030"))) == ["new"]
    assert sold(house) == {DAY: 4}


def test_a_file_without_a_needed_column_is_refused_whole(house: House) -> None:
    """It names what is missing and what is there."""
    with pytest.raises(SpreadsheetError, match=r"no column units; the headings are day, sku, pieces"):
        house.take("sales", "day,sku,pieces\n")
    with pytest.raises(SpreadsheetError, match="stands there twice"):
        house.take("sales", "day,date,sku,units\n")


def test_a_catalogue_that_changes_packs_and_currency_says_so(house: House) -> None:
    """It goes in, and what a file does not say stays: the Chinese name, the category."""
    text = "sku,name,supplier,pack_size,unit_cost,currency,category\n"
    house.take("catalogue", text + "oat-milk-1l,Oat drink,northfield,6,1.15,EUR,Drinks\n")
    verdicts, report = house.reported(
        "catalogue", text + "oat-milk-1l,Oat drink,northfield,12,3.00,EUR,\npasta-500g,Pasta,kontor,6,0.72,USD,\n"
    )
    assert codes(verdicts) == [["pack_changed", "cost_jumped"], ["currency_changed"]]
    assert report.findings == (Finding("currencies_mixed", "currency", "EUR 1, USD 1"),)
    with house.read() as conn:
        item, traits = catalogue.item(conn, "oat-milk-1l"), item_traits.of_item(conn, "oat-milk-1l")
    assert item is not None
    assert traits is not None
    assert (item.pack_size, item.label) == (12, {"en": "Oat drink", "zh_Hans": "燕麦奶 1升"})
    assert traits.category == "Drinks"


def test_a_new_item_can_be_sold_in_the_next_file(house: House) -> None:
    """Suppliers, then catalogue, then sales; without a supplier the item is refused."""
    head = "sku,supplier,unit_cost\n"
    assert codes(house.take("catalogue", head + "rye-bread,mill,2\n")) == [["unknown_supplier"]]
    assert states(house.take("suppliers", "supplier,lead_time_d,order_weekdays\nmill,2,周一 周四\n")) == ["new"]
    assert states(house.take("catalogue", head + "rye-bread,mill,2\n")) == ["new"]
    assert states(house.take("sales", "day,sku,units\n2026-11-01,rye-bread,2\n")) == ["new"]
    with house.read() as conn:
        rules = supplier_terms.rules_of(conn, "mill")
    assert rules is not None
    assert rules.order_weekdays == (0, 3)


def test_suppliers_that_cannot_be_are_refused(house: House) -> None:
    """A lead time of zero, a name with capitals, a weekday nobody knows, an address without @."""
    head = "supplier,lead_time_d,order_weekdays,email\n"
    verdicts = house.take("suppliers", head + "a,0,,\nMill,2,,\nb,2,someday,\nc,2,,nowhere\nd,-1,,\n")
    assert codes(verdicts) == [["zero_lead_time"], ["bad_name"], ["bad_weekday"], ["bad_email"], ["negative"]]


def test_terms_keep_breaks_and_refuse_those_that_make_no_sense(house: House) -> None:
    """More units never cost more each."""
    head = "supplier,sku,unit_price,price_breaks,min_units,max_units\n"
    verdicts = house.take(
        "supplier_terms",
        head + "kontor,oat-milk-1l,1.2,60:1.1;240:1.0,6,\nkontor,pasta-500g,1,60:1;240:2,,\nkontor,honey-350g,3,,10,5\n",
    )
    assert codes(verdicts) == [[], ["bad_breaks"], ["less_than_minimum"]]
    assert states(house.take("supplier_terms", head + "kontor,oat-milk-1l,1.2,60:1.1;240:1.0,6,\n")) == ["unchanged"]
    with house.read() as conn:
        (terms,) = supplier_terms.of_item(conn, "oat-milk-1l")
    assert [terms.price_of(units) for units in (6, 60, 500)] == [1.2, 1.1, 1.0]


def test_orders_teach_lead_times(house: House) -> None:
    """Receipts before orders, units without a day and days to come are refused; a receipt without units is all of it."""
    head = "order,line,supplier,sku,units_ordered,ordered_at,promised_at,received_at,units_received\n"
    verdicts = house.take(
        "purchase_orders",
        head
        + "P1,1,kontor,pasta-500g,60,2026-10-01,2026-10-03,2026-10-04,\n"
        + "P1,2,kontor,honey-350g,60,2026-10-01,2026-10-03,,\n"
        + "P2,1,kontor,pasta-500g,60,2026-10-05,,2026-10-04,60\n"
        + "P2,2,kontor,pasta-500g,60,2026-10-05,,,60\n"
        + "P2,3,kontor,pasta-500g,60,2027-10-05,,,\n"
        + "P2,4,kontor,pasta-500g,0.5,2026-10-05,,,\n"
        + "P2,5,kontor,pasta-500g,6,2026-10-05,,2026-10-05,12\n",
    )
    assert codes(verdicts) == [
        [],
        [],
        ["before_the_order"],
        ["received_without_day"],
        ["in_the_future"],
        ["fraction"],
        ["same_day_receipt", "more_than_ordered"],
    ]
    with house.read() as conn:
        came = purchase_orders.received(conn, SITE, datetime(2026, 1, 1, tzinfo=UTC), sku="pasta-500g")
        to_come = purchase_orders.outstanding(conn, SITE)
    assert [(line.lead_time_d, line.late_d) for line in came] == [(3, 1), (0, None)]
    assert [(line.sku, line.units_to_come) for line in to_come] == [("honey-350g", 60)]


def test_promotions_and_prices_make_a_calendar(house: House) -> None:
    """25 and 0.25 are the same discount; a promotion of nothing is refused."""
    head = "sku,from_day,until_day,kind,price,discount,display\n"
    verdicts = house.take(
        "promotions",
        head
        + "oat-milk-1l,2026-12-01,2026-12-07,price,,25,yes\n"
        + "oat-milk-1l,2026-12-09,2026-12-08,price,1,,\n"
        + "oat-milk-1l,2026-12-20,2026-12-21,,,,\n"
        + "oat-milk-1l,2026-12-20,2026-12-21,gift,,,\n"
        + "pasta-500g,2026-12-20,2026-12-21,陈列,,,\n",
    )
    assert codes(verdicts) == [[], ["ends_before_it_begins"], ["nothing_promoted"], ["bad_promotion_kind"], []]
    house.take("prices", "sku,from_day,price\noat-milk-1l,2026-01-01,1.99\noat-milk-1l,2026-06-01,2.19\n")
    with house.read() as conn:
        planned = promotions.between(conn, SITE, date(2026, 12, 7), date(2026, 12, 31))
        price = prices.on_day(conn, SITE, "oat-milk-1l", date(2026, 5, 31))
    assert [(each.sku, each.discount, each.display) for each in planned] == [
        ("oat-milk-1l", 0.25, True),
        ("pasta-500g", None, True),
    ]
    assert price is not None
    assert price.price == 1.99


def test_stock_is_brought_where_the_file_says(house: House) -> None:
    """An adjustment moves the book and wakes decisions; a place nobody knows is refused."""
    head = "location,sku,units\n"
    verdicts = house.take("stock", head + "b-04,oat-milk-1l,12\nx-99,oat-milk-1l,1\nb-04,pasta-500g,2.5\n")
    assert codes(verdicts) == [[], ["unknown_location"], ["fraction"]]
    assert [fact.noun for fact in house.facts] == ["stock_position"]
    assert codes(house.take("stock", head + "b-04,oat-milk-1l,9\n")) == [["stock_differs"]]
    assert states(house.take("stock", head + "b-04,oat-milk-1l,9\n")) == ["unchanged"]
    with house.read() as conn:
        assert positions.at(conn, SITE, [("b-04", "oat-milk-1l")])["b-04", "oat-milk-1l"].book == 9


@pytest.mark.parametrize("kind", registry.KINDS, ids=lambda kind: kind.name)
def test_every_template_can_be_filled_and_sent_back(house: House, kind: object) -> None:
    """The example row of each template is one that its kind can read, as workbook and as CSV."""
    found = registry.kind_named(getattr(kind, "name", ""))
    for content in (templates.as_xlsx(found), templates.as_csv(found).encode()):
        verdicts = house.take(found.name, content, rehearse=True)
        assert {finding.code for verdict in verdicts for finding in verdict.faults} <= {"unknown_location"}


def test_a_long_file_goes_in_by_batches(house: House) -> None:
    """Rows of different batches know of one another."""
    rows = [f"2026-11-0{1 + at % 9},oat-milk-1l,1,R{at}" for at in range(4_500)]
    verdicts = house.take("sales", "\n".join(["day,sku,units,order", *rows, rows[0]]))
    assert states(verdicts).count("new") == 4_500
    assert codes(verdicts)[-1] == ["repeats_row"]
    assert sum(sold(house).values()) == 4_500
