"""The background's rounds: each subject on its own, schedules, verdicts, and what is forgotten."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import Connection, func, select

from central.background import retention, runner
from central.background.loop import Desk
from central.background.scheduler import Scheduler
from central.capabilities.supply.inventory.model import Inputs, Params, Replenishment
from central.deciding import review
from central.deciding.capability import Capability, Subject
from central.deciding.outcome import Outcome
from central.store import announcements, changes, decisions, due
from central.store.decisions import Decision
from tests.parts.house import OAT, SITE, TEA, House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A small house."""
    house = House(tmp_path)
    yield house
    house.close()


def concluded(house: House) -> list[Decision]:
    """Every decision, newest first."""
    with house.parts.reading() as conn:
        return decisions.page(conn, SITE)


def backlog(house: House) -> int:
    """How many subjects wait that may be decided now."""
    with house.parts.reading() as conn:
        return due.backlog(conn, house.now)


def only_tea_is_decided(house: House, card: Capability, put_off_s: int) -> None:
    """Of two subjects that are due under a card that fails on oat milk; that one is due again after `put_off_s`."""
    house.parts = replace(house.parts, capabilities=(card,))
    house.count("b-04", 3)
    house.count("a-01", 3, sku=TEA)
    assert house.decide() == 2
    assert [decision.subject for decision in concluded(house)] == [TEA]
    assert backlog(house) == 0
    house.pass_time(seconds=put_off_s)
    assert backlog(house) == 1


def test_a_subject_that_cannot_be_recorded_stops_no_other(house: House) -> None:
    """An outcome that no JSON can hold is put off for a while; the next subject is decided all the same."""
    card = house.inventory

    def torn(inputs: Inputs, params: Params) -> Outcome[Replenishment]:
        outcome = card.decide(inputs, params)
        return replace(outcome, confidence=cast(float, object())) if inputs.sku == OAT else outcome

    only_tea_is_decided(house, replace(card, decide=torn), put_off_s=30)


def test_a_subject_whose_reading_the_database_refuses_stops_no_other_and_is_not_tried_without_a_pause(house: House) -> None:
    """A capability that asks for a table that is not there looks like a busy database: put off, not spun on."""
    card = house.inventory

    def astray(conn: Connection, item: Subject, params: Params, now: datetime) -> Inputs:
        if item.key == OAT:
            conn.exec_driver_sql("SELECT * FROM nowhere")
        return cast(Inputs, card.gather(conn, item, params, now))

    only_tea_is_decided(house, replace(card, gather=astray), put_off_s=2)


def test_what_is_due_for_a_capability_that_left_the_house_is_dropped(house: House) -> None:
    """It is logged and does not come again."""
    with house.parts.writing() as conn:
        due.wake(conn, SITE, "supply.gone", OAT, house.now, not_before=house.now)
    assert runner.drain(house.parts) == 1
    assert backlog(house) == 0


def test_the_first_look_wakes_every_subject_and_then_the_cron_text_does(house: House) -> None:
    """Nothing that was missed while it was down stays missed; an hour later it is time again."""
    scheduler = Scheduler(house.parts.capabilities, house.now)
    with house.parts.writing() as conn:
        every = [card.subjects(conn, SITE) for card in house.parts.capabilities if card.schedule is not None]
        assert scheduler.wake(conn, house.now) == sum(map(len, every)) >= 2
        assert scheduler.wake(conn, house.now) == 0
    assert not scheduler.is_time(house.pass_time(minutes=6))
    assert scheduler.is_time(house.pass_time(minutes=1))


def test_a_round_decides_schedules_and_announces_what_is_final(house: House) -> None:
    """One desk carries a low count to a settled verdict."""
    desk = Desk(house.parts)
    house.count("b-04", 3)
    while desk.look():
        house.pass_time(seconds=2)
    (oat,) = [
        decision for decision in concluded(house) if (decision.capability, decision.subject) == ("supply.inventory", OAT)
    ]
    with house.parts.writing() as conn:
        review.accept(conn, oat.id, "Li", house.now)
    house.pass_time(seconds=11)
    while desk.look():
        house.pass_time(seconds=2)
    with house.parts.reading() as conn:
        topics = [row.topic for row in announcements.after(conn, SITE, 0, 100)]
    assert topics[-1].endswith("decision/reviewed")


def test_old_rows_are_forgotten_and_promised_ones_kept(house: House) -> None:
    """Announcements that were said live for more than seven days, unsaid and retained ones for ever, changes for a day."""
    house.count("b-04", 9)
    house.count("b-04", 3)
    house.decide()
    with house.parts.writing() as conn:
        kept = announcements.waiting(conn)[0]
        announcements.mark_sent(conn, [1, 2], house.now)
    work = retention.Retention(house.parts)
    house.pass_time(days=7)
    for _ in retention.STEPS:
        work.look()
    with house.parts.reading() as conn:
        assert len(announcements.after(conn, SITE, 0, 100)) == kept
        old = changes.changes.c.at < house.now - timedelta(days=1)
        assert conn.execute(select(func.count()).select_from(changes.changes).where(old)).scalar_one() == 0
    house.pass_time(days=2)
    for _ in retention.STEPS:
        work.look()
    with house.parts.reading() as conn:
        left = [row for row in announcements.after(conn, SITE, 0, 100) if row.sequence <= kept]
    assert [row.sequence for row in left] == list(range(2, kept + 1))
