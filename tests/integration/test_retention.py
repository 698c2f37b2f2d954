"""What is forgotten, what is kept because something rests on it, and that the ledger stays right meanwhile."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from central.background import retention
from central.background.retention import Retention
from central.deciding import review
from central.fleet import audit
from central.store import commands, devices, evidence, identities, quarantine, readings
from central.store.commands import CommandRow, ReplyRow, State
from central.store.devices import Device, Ledger
from central.store.events import events
from central.store.evidence import Piece
from central.store.identities import Certificate, Claim
from central.store.limits import Limits
from central.store.quarantine import Held
from central.store.reading_hours import reading_hours
from central.store.types import instant_text
from protocols import codec
from protocols.messages.lost import Lost
from tests.parts.house import OAT, SITE, TEA, House, all_decisions


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A small house."""
    house = House(tmp_path)
    yield house
    house.close()


def forget(house: House, **limits: int) -> None:
    """A whole round, and no further."""
    house.parts = replace(house.parts, limits=Limits(**limits))
    for step in retention.STEPS:
        while step(house.parts, house.now):
            pass


def sequences(house: House) -> list[int]:
    """The events that are there."""
    with house.parts.reading() as conn:
        return list(conn.scalars(select(events.c.sequence).order_by(events.c.sequence)))


def picture(house: House, sequence: int, size: int = 100) -> str:
    """Evidence behind an event of `House.count`."""
    content = sequence.to_bytes(8, "big") * (size // 8)
    name = f"sha256:{sha256(content).hexdigest()}"
    with house.parts.writing() as conn:
        evidence.keep(conn, Piece(name, "eye-01", "image/jpeg", house.now, content), house.now)
        conn.execute(events.update().where(events.c.sequence == sequence).values(evidence=name))
    return name


def pictures(house: House) -> set[str]:
    """The evidence that is there."""
    with house.parts.reading() as conn:
        return set(conn.scalars(select(evidence.evidence.c.sha256)))


def landed(house: House, cursor: int, lost: int = 0) -> Ledger:
    """The ledger as ingest would have it."""
    ledger = Ledger("eye-01", cursor=cursor, highest_seen=cursor, stored=cursor - lost, declared_lost=lost)
    with house.parts.writing() as conn:
        devices.put_ledgers(conn, [ledger])
    return ledger


def is_right(house: House, ledger: Ledger) -> bool:
    """Whether the ledger agrees with the rows."""
    with house.parts.reading() as conn:
        return audit.audit(conn, ledger).is_right


def test_events_go_in_order_and_the_ledger_stays_right(house: House) -> None:
    """Of 1,200 old events and ten new ones the new stay; what was removed is known, and a later hole is still found."""
    for _ in range(1200):
        house.count("b-04", 3)
    house.pass_time(days=30)
    for _ in range(10):
        house.count("b-04", 3)
    ledger = landed(house, 1210)
    forget(house, events_days=20)
    assert sequences(house) == list(range(1201, 1211))
    assert is_right(house, ledger)
    with house.parts.writing() as conn:
        conn.execute(events.delete().where(events.c.sequence == 1205))
    assert not is_right(house, ledger)


def test_what_a_device_declared_lost_is_never_forgotten(house: House) -> None:
    """The loss outlives the events around it, and the floor may lie inside of it."""
    house.count("b-04", 3)
    lost = codec.encode(Lost(first=2, last=4, reason="evicted")).decode()
    row = {"device": "eye-01", "sequence": 2, "id": "x", "site": SITE, "kind": "lost/1", "boot": "b", "monotonic_ms": 1}
    row |= {"occurred_at": house.now, "received_at": house.now, "clock": "ntp", "data": lost}
    with house.parts.writing() as conn:
        conn.execute(insert(events).values(row))
    ledger = landed(house, 4, lost=3)
    house.pass_time(days=30)
    forget(house, events_days=20)
    assert sequences(house) == [2]
    assert is_right(house, ledger)


def test_what_an_open_or_reviewed_decision_rests_on_is_kept(house: House) -> None:
    """The event and its picture stay while the proposal is open and after its review; others of that age go."""
    cited, other = house.count("b-04", 3), house.count("a-01", 400, sku=TEA)
    names = {number: picture(house, number) for number in (cited, other)}
    house.decide()
    decision = next(one for one in all_decisions(house) if one.state == "proposed")
    assert decision.subject == OAT
    landed(house, 2)
    house.pass_time(days=500)
    forget(house)
    assert (sequences(house), pictures(house)) == ([cited], {names[cited]})
    with house.parts.writing() as conn:
        review.accept(conn, decision.id, "Li", house.now)
    forget(house)
    assert pictures(house) == {names[cited]}


def test_evidence_beyond_its_budget_goes_oldest_first(house: House) -> None:
    """A budget of 1 MB holds the newest ten of fifteen pictures of 96 kB."""
    names = []
    for _ in range(15):
        names.append(picture(house, house.count("a-01", 40), 96_000))
        house.pass_time(minutes=1)
    forget(house, evidence_mb=1)
    assert pictures(house) == set(names[5:])


def test_minutes_become_hours_and_hours_go_in_their_time(house: House) -> None:
    """The mean and the rms of an hour are weighed by samples; the extremes are the extremes."""
    hour = house.now.replace(minute=0)

    def minute(at: datetime, n: int, value: float) -> readings.ReadingRow:
        return (SITE, "pump-1", "current_a", instant_text(at), "A", n, value - 1, value, value + 1, value, None, None)

    with house.parts.writing() as conn:
        readings.put(conn, [minute(hour, 60, 1.0), minute(hour + timedelta(minutes=1), 20, 5.0)], [])
        state = (SITE, "pump-1", instant_text(hour), 60.0, "steady", 0.1, 4.0, 1.0, "eye-01", 1)
        readings.put(conn, [minute(hour + timedelta(hours=30), 60, 9.0)], [state])
    house.pass_time(days=31)
    forget(house)
    with house.parts.reading() as conn:
        (kept,) = conn.execute(select(reading_hours)).all()
        left = conn.scalars(select(readings.readings.c.mean)).all()
        assert conn.execute(select(func.count()).select_from(readings.asset_minutes)).scalar_one() == 0
    assert (kept.n, kept.min, kept.mean, kept.max, kept.unit) == (80, 0.0, 2.0, 6.0, "A")
    assert kept.rms == pytest.approx(((60 * 1 + 20 * 25) / 80) ** 0.5)
    assert left == [9.0]
    house.pass_time(days=800)
    forget(house)
    with house.parts.reading() as conn:
        assert conn.execute(select(func.count()).select_from(reading_hours)).scalar_one() == 0


def test_quarantine_goes_when_it_was_not_seen_for_long(house: House) -> None:
    """What still comes stays."""
    held = [Held("unreadable", "not JSON", "t", bytes([n]), "eye-01") for n in range(2)]
    with house.parts.writing() as conn:
        quarantine.hold(conn, held, house.now)
    house.pass_time(days=80)
    with house.parts.writing() as conn:
        quarantine.hold(conn, held[:1], house.now)
    house.pass_time(days=20)
    forget(house)
    with house.parts.reading() as conn:
        assert conn.scalars(select(quarantine.quarantine.c.payload)).all() == [b"\0"]


def test_space_is_given_back_to_the_disk(house: House) -> None:
    """The file shrinks by what the pictures took, but for a small share that will be written again."""
    for _ in range(40):
        picture(house, house.count("a-01", 40), 96_000)
    with house.parts.writing() as conn:
        before = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
    house.pass_time(days=100)
    forget(house)
    with house.parts.writing() as conn:
        after = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        free = conn.exec_driver_sql("PRAGMA freelist_count").scalar_one()
    assert before - after > 40 * 96_000 / 4096 * 0.9
    assert free <= after * retention.FREE_SHARE


def test_each_look_is_one_short_step_and_a_round_is_followed_by_rest(house: House) -> None:
    """2,000 old changes take several looks; after the round nothing is done for an hour."""
    work = Retention(house.parts)
    with house.parts.writing() as conn:
        rows = [(SITE, "event", str(n), instant_text(house.now)) for n in range(2000)]
        conn.exec_driver_sql("INSERT INTO changes (site, noun, key, at) VALUES (?, ?, ?, ?)", rows)
    house.pass_time(days=2)
    sizes = []
    for _ in range(20):
        work.look()
        sizes.append(changes_of(house))
    assert max(earlier - later for earlier, later in pairwise(sizes)) <= retention.AT_ONCE
    assert sizes[-1] == 0
    with house.parts.writing() as conn:
        conn.exec_driver_sql("INSERT INTO changes (site, noun, key, at) VALUES (?, ?, ?, ?)", rows[:5])
    work.look()
    assert changes_of(house) == 5
    house.pass_time(hours=1)
    work.look()
    assert changes_of(house) == 0


def changes_of(house: House) -> int:
    """How many changes there are."""
    with house.parts.reading() as conn:
        return int(conn.exec_driver_sql("SELECT count(*) FROM changes WHERE noun = 'event'").scalar_one())


def row_of(state: State, house: House, number: int) -> CommandRow:
    """A command that got to that state now."""
    return CommandRow(
        id=f"c{number}", device="eye-01", action="send_logs", source=None, arguments={}, issued_by="Li", issued_at=house.now,
        ttl_s=60, expires_at=house.now, timeout_s=30, confirmed_by=None, state=state, updated_at=house.now,
    )  # fmt: skip


def reply_to(command: str, house: House) -> ReplyRow:
    """What the device said last."""
    return ReplyRow(
        command=command, number=1, boot="b", state="done", at=house.now, progress=None, result=None, why=None,
        received_at=house.now,
    )  # fmt: skip


def test_commands_that_ended_go_with_their_answers(house: House) -> None:
    """One that is still open stays however old it is: something is to be expected of it."""
    with house.parts.writing() as conn:
        for command in (row_of("done", house, 1), row_of("accepted", house, 2)):
            commands.add(conn, command)
            commands.add_reply(conn, reply_to(command.id, house))
    house.pass_time(days=30)
    with house.parts.writing() as conn:
        commands.add(conn, row_of("expired", house, 3))
    forget(house, commands_days=20)
    with house.parts.reading() as conn:
        assert {command.id for command in commands.of_device(conn, "eye-01", 9)} == {"c2", "c3"}
        assert (len(commands.replies_of(conn, "c1")), len(commands.replies_of(conn, "c2"))) == (0, 1)


def test_claims_go_after_their_end(house: House) -> None:
    """Used or not; the number of one that can still be used is never free for another."""
    ends = {"old": timedelta(), "new": timedelta(days=25)}
    with house.parts.writing() as conn:
        for number, after in ends.items():
            identities.add_claim(
                conn,
                Claim(
                    number=number, secret_hash="", device="eye-02", site=SITE, label="", replaces=False, made_by="Li",
                    made_at=house.now, expires_at=house.now + after,
                ),
            )  # fmt: skip
    house.pass_time(days=30)
    forget(house, claims_days=20)
    with house.parts.reading() as conn:
        assert [number for number in ends if identities.claim(conn, number)] == ["new"]


def test_certificates_go_after_their_end_but_the_last_of_each_device(house: House) -> None:
    """A page says that it ended; one that was revoked before its end stays for the broker's list."""
    with house.parts.writing() as conn:
        devices.add(conn, Device("eye-02", SITE, "Eye", "another key", house.now))
        for serial, device, lasts_d in (("a", "eye-01", 1), ("b", "eye-01", 2), ("c", "eye-02", 1), ("d", "eye-02", 300)):
            ends_at = house.now + timedelta(days=lasts_d)
            identities.add_certificate(
                conn, Certificate(serial=serial, device=device, public_key="k", issued_at=house.now, ends_at=ends_at)
            )
        identities.revoke_certificates(conn, "eye-02", house.now)
    last = house.now + timedelta(days=2)
    house.pass_time(days=30)
    forget(house, certificates_days=20)
    with house.parts.reading() as conn:
        assert identities.ends(conn) == {"eye-01": last}
        assert set(conn.scalars(select(identities.certificates.c.serial))) == {"b", "d"}
        assert [one.serial for one in identities.revoked_certificates(conn, house.now)] == ["d"]
