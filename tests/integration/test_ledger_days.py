"""The daily record on a real database: days judged once, missed ones caught up, a vanished row found."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Engine, delete

from central.background.bookkeeping import keep_books
from central.bus import Message
from central.fleet import audit, ledger
from central.ingest import accept
from central.ingest.land import land
from central.ingest.registry import Speaker
from central.ingest.waiting import Waiting
from central.parts import Parts
from central.store import devices, ledger_days
from central.store.engine import reading, writing
from central.store.events import events
from central.store.ledger_days import LedgerDay
from protocols import signing, topics
from protocols.envelope import Event
from protocols.messages.device import OutboxHealth
from protocols.messages.lost import Lost
from tests.makers import batch, event, signed
from tests.parts.centre import SITE, migrated, register

DEVICE = "eye-01"
MONDAY = date(2026, 11, 23)


class Books:
    """A centre whose clock the test moves; batches land as ingest lands them."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.now = datetime(2026, 11, 23, 9, tzinfo=UTC)
        self.key = signing.new_key()
        self.parts = Parts(engine=engine, capabilities=(), now=lambda: self.now, site=SITE, broker="")
        with writing(engine) as conn:
            register(conn, DEVICE, self.key)
        self.set_added(self.now)

    def set_added(self, moment: datetime) -> None:
        """When the device was let in."""
        with writing(self.engine) as conn:
            conn.execute(devices.devices.update().values(added_at=moment))

    def land_news(self, some: Sequence[Event]) -> None:
        """The same on the lane that overtakes."""
        self.land(some, lane="news")

    def land(self, some: Sequence[Event], lane: str = "order") -> None:
        """One signed batch, judged and landed now."""
        payload, signature = signed(self.key, batch(list(some), lane=lane))
        topic = topics.EdgeTopic(SITE, DEVICE, "events")
        speaker = Speaker(SITE, self.key.public_key())
        verdict = accept.accept(topic, payload, {"sig": signature}, {DEVICE: speaker}, self.now)
        message = Message(topics.up(SITE, DEVICE, "events"), payload, {}, 1, 1, 1)
        with writing(self.engine) as conn:
            land(conn, [Waiting(message, topic, verdict)], (), self.now)

    def says_of_its_queue(self, last: int, count: int, oldest_age_s: float) -> None:
        """A health message: the highest number that the device gave, and what waits there."""
        outbox = OutboxHealth(count=count, bytes=100 * count, oldest_age_s=oldest_age_s, last_sequence=last)
        with writing(self.engine) as conn:
            devices.heard(conn, DEVICE, self.now, health={"outbox": outbox_json(outbox)})

    def close(self, **span: float) -> list[LedgerDay]:
        """Time passes, the books are kept; every day on record, oldest first."""
        self.now += timedelta(**span)
        keep_books(self.parts, self.now)
        with reading(self.engine) as conn:
            return list(reversed(ledger_days.between(conn, SITE, date(2026, 1, 1), date(2027, 1, 1))))


def outbox_json(outbox: OutboxHealth) -> dict[str, object]:
    """The outbox of a health message as it is kept."""
    return {name: getattr(outbox, name) for name in outbox.__struct_fields__}


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    """An empty house with one device, on a Monday morning."""
    with migrated(tmp_path / "house.db") as engine:
        yield Books(engine)


def test_a_day_is_recorded_once_when_it_is_over(books: Books) -> None:
    """Not before midnight and its grace; what came again is counted, and a second look changes nothing."""
    books.land([event(n) for n in range(1, 11)])
    books.land([event(n) for n in range(1, 11)])
    assert books.close(hours=15, minutes=5) == []
    (day,) = books.close(minutes=6)
    assert (day.day, day.opening, day.closing, day.stored, day.duplicates) == (MONDAY, 0, 10, 10, 10)
    assert (day.verdict, day.missing, day.unaccounted) == ("complete", 0, 0)
    assert books.close(hours=1) == [day]


def test_missed_days_are_caught_up_each_with_what_came_on_it(books: Books) -> None:
    """The background was away from Monday to Friday; every day gets the events that were received on it."""
    for first in (1, 11, 21):
        books.land([event(n) for n in range(first, first + 10)])
        books.now += timedelta(days=1)
    days = books.close(days=2)
    assert [(day.day.day, day.opening, day.closing, day.stored) for day in days] == [
        (23, 0, 10, 10), (24, 10, 20, 10), (25, 20, 30, 10), (26, 30, 30, 0), (27, 30, 30, 0),
    ]  # fmt: skip
    assert {day.verdict for day in days} == {"complete"}


def test_a_declared_loss_is_told_by_its_reason_and_kind(books: Books) -> None:
    """Three events evicted on the device: the cursor passes over them, the day says so, and nothing is missing."""
    lost = Lost(first=3, last=5, reason="evicted", kinds={"sensor_summary/1": 3})
    books.land([event(1), event(2), event(3, lost), event(6)])
    (day,) = books.close(days=1)
    assert (day.closing, day.stored, day.declared_lost, day.verdict) == (6, 3, 3, "declared_loss")
    with reading(books.engine) as conn:
        (told,) = ledger.declared(conn, DEVICE)
    assert (told.reason, told.events, told.kinds) == ("evicted", 3, {"sensor_summary/1": 3})


def test_what_cannot_be_understood_is_the_rest_of_the_day(books: Books) -> None:
    """An event in quarantine has no row; the cursor passed it, and the day counts it as quarantined."""
    books.land([event(1), event(2, data=None, kind="shelf_count/1")])
    broken = msgspec.structs.replace(event(3), data=msgspec.Raw(b'{"location": 5}'))
    books.land([broken, event(4)])
    (day,) = books.close(days=1)
    assert (day.stored, day.quarantined, day.verdict) == (3, 1, "complete")


def test_a_day_with_events_still_on_the_device_is_incomplete_until_they_come(books: Books) -> None:
    """The device says that it made twenty; ten are here at midnight, the rest the next day."""
    books.land([event(n) for n in range(1, 11)])
    books.says_of_its_queue(last=20, count=10, oldest_age_s=3600)
    (day,) = books.close(days=1)
    assert (day.missing, day.verdict, day.completed_at) == (10, "incomplete", None)
    books.land([event(n) for n in range(11, 21)])
    (day,) = books.close(minutes=6)
    assert (day.verdict, day.completed_at) == ("incomplete", books.now)


def test_what_the_device_made_after_midnight_is_not_missing_on_the_day_before(books: Books) -> None:
    """Its oldest unsent event is three minutes old, ten minutes after midnight."""
    books.land([event(n) for n in range(1, 11)])
    books.now = datetime(2026, 11, 24, 0, 10, tzinfo=UTC)
    books.says_of_its_queue(last=20, count=10, oldest_age_s=180)
    (day,) = books.close(minutes=1)
    assert (day.missing, day.verdict) == (0, "complete")


def test_a_row_that_vanished_is_found_and_named(books: Books) -> None:
    """Somebody deletes one of the rows that were acknowledged: the next day's account does not balance."""
    books.land([event(n) for n in range(1, 11)])
    with writing(books.engine) as conn:
        conn.execute(delete(events).where(events.c.sequence == 7))
    (day,) = books.close(days=1)
    assert (day.unaccounted, day.verdict) == (1, "incomplete")
    with reading(books.engine) as conn:
        own = devices.ledgers_of(conn, [DEVICE])[DEVICE]
        assert not audit.audit(conn, own).is_right
        assert audit.first_hole(conn, own) == 7
    assert books.close(minutes=6)[0].completed_at is None


def test_a_whole_ledger_is_right_and_has_no_hole(books: Books) -> None:
    """Stored, lost and set aside together, in several batches."""
    books.land([event(1), event(2, Lost(first=2, last=4, reason="refused")), event(5)])
    with reading(books.engine) as conn:
        own = devices.ledgers_of(conn, [DEVICE])[DEVICE]
        found = audit.audit(conn, own)
        assert (found.cursor, found.stored, found.counted, found.is_right) == (5, 2, 2, True)
        assert audit.first_hole(conn, own) is None


def test_news_counts_once_also_inside_of_a_declared_loss(books: Books) -> None:
    """An alarm overtook; the counts around it were given up: it is stored, they are lost, and the day balances."""
    books.land([event(1)])
    books.land_news([event(4)])
    with reading(books.engine) as conn:
        own = devices.ledgers_of(conn, [DEVICE])[DEVICE]
        assert audit.audit(conn, own).is_right
    books.land([event(2, Lost(first=2, last=5, reason="evicted")), event(6)])
    (day,) = books.close(days=1)
    assert (day.closing, day.stored, day.declared_lost, day.quarantined) == (6, 3, 3, 0)
    assert (day.unaccounted, day.verdict) == (0, "declared_loss")
