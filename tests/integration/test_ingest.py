"""Ingest on a real broker and a real database: what devices say becomes rows, then it is acknowledged."""

import json
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy import event as listening

from central.fleet.ledger import completeness
from central.store import announcements, quarantine
from central.store.engine import reading, writing
from central.store.quarantine import Held
from protocols import codec, signing
from protocols.envelope import Acknowledgement
from protocols.messages.device import Birth, Health, OutboxHealth, Will
from protocols.messages.evidence import MAX_EVIDENCE_BYTES, Evidence
from protocols.messages.lost import Lost
from protocols.messages.registry import EventData
from protocols.messages.sensor_summary import ChannelSummary
from tests.makers import NOON, batch, defect, equipment_anomaly, event, event_id, sensor_summary, shelf_count
from tests.parts.centre import Voice, ingesting, migrated, register, voice
from tests.parts.mosquitto import Mosquitto
from tests.parts.ports import eventually


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A migrated database."""
    with migrated(tmp_path / "house.db") as engine:
        yield engine


@pytest.fixture
def eye(engine: Engine, broker: Mosquitto) -> Iterator[Voice]:
    """A registered device beside a running ingest that hears it."""
    key = signing.new_key()
    with writing(engine) as conn:
        register(conn, "eye-01", key)
    with ingesting(engine, broker.port), voice(broker.port, "eye-01", key) as speaking:
        speaking.prove_subscription()
        yield speaking


def value(engine: Engine, query: str) -> Any:
    """The first column of the first row."""
    with reading(engine) as conn:
        return conn.execute(text(query)).scalar()


def piece(content: bytes, **changes: Any) -> Evidence:
    """A picture, whole, under its hash."""
    fields: dict[str, Any] = {
        "sha256": f"sha256:{sha256(content).hexdigest()}", "device": "eye-01", "boot": "b3f1", "media_type": "image/jpeg",
        "taken_at": NOON, "offset": 0, "total_bytes": len(content), "data": content,
    }  # fmt: skip
    return Evidence(**{**fields, **changes})


def allow_pages(engine: Engine, pages: int) -> None:
    """Let the database have so many pages: below what it has, every write says that the disk is full."""

    def limit(conn: Connection) -> None:
        conn.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    listening.listen(engine, "begin", limit)


def test_a_batch_lands_and_is_acknowledged(engine: Engine, eye: Voice) -> None:
    """Three counts become three events, one position, and `upto` 3."""
    eye.say("events", codec.encode(batch([event(n) for n in (1, 2, 3)])))
    assert eye.acknowledgement().upto == 3
    with reading(engine) as conn:
        assert conn.execute(text("SELECT count(*) FROM events")).scalar_one() == 3
        assert conn.execute(text("SELECT counted FROM positions")).scalar_one() == 3


def test_a_machine_is_judged_again_from_the_condition_on_disk(engine: Engine, eye: Voice) -> None:
    """An onset in one batch and the end in the next leave a normal machine, whose condition was read back in between."""
    told: list[EventData] = [sensor_summary(), equipment_anomaly(), equipment_anomaly(phase="end")]
    for sequence, data in enumerate(told, start=1):
        eye.say("events", codec.encode(batch([event(sequence, data)])))
        assert eye.acknowledgement().upto == sequence
    with reading(engine) as conn:
        assert conn.execute(text("SELECT machine, condition FROM conditions")).one() == ("conveyor-1", "normal")
    assert value(engine, "SELECT is_active || ' ' || is_acknowledged FROM alarms") == "0 0"


def test_a_batch_that_comes_again_has_no_effect(engine: Engine, eye: Voice) -> None:
    """Replayed and overlapping batches are answered with the cursor, and each event is here once."""
    for first, last in ((1, 3), (1, 3), (2, 5), (1, 1)):
        eye.say("events", codec.encode(batch([event(n) for n in range(first, last + 1)])))
    eventually(lambda: eye.acknowledgement().upto == 5)
    assert value(engine, "SELECT count(*) FROM events") == 5
    assert value(engine, "SELECT count(*) FROM counts") == 5


def test_a_batch_beyond_the_cursor_is_a_gap(engine: Engine, eye: Voice) -> None:
    """The device is told where to begin again, and nothing beyond the gap is stored."""
    eye.say("events", codec.encode(batch([event(4)])))
    assert eye.acknowledgement().gap == 0
    assert value(engine, "SELECT count(*) FROM events") == 0


def test_news_overtakes_and_has_its_effect_once(engine: Engine, eye: Voice) -> None:
    """An alarm beyond a backlog is stored and judged at once; its older end and its repetition change nothing any more."""
    onset = event(9, equipment_anomaly(), occurred_at=NOON)
    ended = event(8, equipment_anomaly(phase="end"), occurred_at=NOON - timedelta(hours=1))
    eye.say("events", codec.encode(batch([onset], lane="news")))
    assert eye.acknowledgement() == Acknowledgement(boot="b3f1", upto=0, ahead=9)
    assert value(engine, "SELECT condition FROM conditions") == "alarm"
    eye.say("events", codec.encode(batch([*(event(n) for n in range(1, 8)), ended, onset])))
    assert eye.acknowledgement() == Acknowledgement(boot="b3f1", upto=9)
    assert value(engine, "SELECT condition FROM conditions") == "alarm"
    assert value(engine, "SELECT count(*) FROM announcements WHERE topic LIKE '%anomaly'") == 2
    assert value(engine, "SELECT is_active || ' ' || is_acknowledged FROM alarms") == "1 0"
    assert value(engine, "SELECT count(*) FROM alarm_journal") == 1
    assert value(engine, "SELECT stored || ' ' || duplicates || ' ' || news FROM ledgers") == "9 0 1"


def test_poison_in_a_batch_is_set_aside_and_the_rest_lands(engine: Engine, eye: Voice) -> None:
    """The cursor passes over it, and the ledger accounts for it."""
    eye.say("events", codec.encode(batch([event(1), event(2, kind="shelf_count/9"), event(3)])))
    assert eye.acknowledgement().upto == 3
    assert value(engine, "SELECT reason FROM quarantine") == "unknown_kind"
    with reading(engine) as conn:
        (account,) = completeness(conn, "eye-01")
    assert (account.expected, account.stored, account.quarantined, account.missing) == (3, 2, 1, 0)


@pytest.mark.parametrize(
    ("payload", "properties", "reason"),
    [
        (b"{", {}, "unreadable"),
        (b"[" * 60_000, {}, "unreadable"),
        (codec.encode(batch([event(1)])), {"sig": signing.sign(signing.new_key(), b"")}, "bad_signature"),
        (codec.encode(batch([event(1)], device="eye-02")), {}, "wrong_device"),
        (codec.encode(batch([event(2), event(1)])), {}, "broken_order"),
        (zlib.compress(b" " * 10**7), {"enc": "zlib"}, "oversized"),
        (b" " * 70_000, {}, "oversized"),
    ],
)
def test_a_bad_batch_is_kept_once_and_stops_nothing(
    engine: Engine, eye: Voice, payload: bytes, properties: dict[str, str], reason: str
) -> None:
    """It is held once with its reason, however often it comes; it is not answered; the next good one lands."""
    for _ in range(2):
        eye.say("events", payload, **properties)
    eye.say("events", codec.encode(batch([event(1)])))
    assert eye.acknowledgement().upto == 1
    assert value(engine, "SELECT reason FROM quarantine") == reason
    assert value(engine, "SELECT times FROM quarantine") == 2


def test_a_cloned_card_is_seen(engine: Engine, eye: Voice) -> None:
    """The same sequence with other content: held as cloned, while the cursor stands."""
    eye.say("events", codec.encode(batch([event(1)])))
    assert eye.acknowledgement().upto == 1
    eye.say("events", codec.encode(batch([event(1, id=event_id(99))], boot="other")))
    assert eye.acknowledgement().upto == 1
    assert value(engine, "SELECT reason FROM quarantine") == "cloned"
    assert value(engine, "SELECT id FROM events") == event_id(1)


def test_a_device_under_a_foreign_site_is_kept_whole(engine: Engine, broker: Mosquitto, eye: Voice) -> None:
    """The cursor moves, answered where the device listens; nothing of it lands."""
    with voice(broker.port, "eye-01b", eye.key, site="s2") as abroad:
        abroad.name = "eye-01"
        abroad.say("events", codec.encode(batch([event(1), event(2)])))
        eventually(lambda: value(engine, "SELECT cursor FROM ledgers") == 2)
    assert value(engine, "SELECT reason FROM quarantine") == "wrong_site"
    assert value(engine, "SELECT count(*) FROM events") == 0


def test_a_declared_loss_is_accounted(engine: Engine, eye: Voice) -> None:
    """The cursor passes to its end; the ledger says how many."""
    lost = event(2, Lost(first=2, last=9, reason="evicted"))
    eye.say("events", codec.encode(batch([event(1), lost, event(10)])))
    assert eye.acknowledgement().upto == 10
    with reading(engine) as conn:
        (account,) = completeness(conn, "eye-01")
    assert (account.stored, account.declared_lost, account.missing) == (2, 8, 0)


def test_a_clock_in_1970_is_dated_by_its_boot(engine: Engine, eye: Voice) -> None:
    """A count with a dead clock stands a second after the one before it, whose clock was right."""
    long_ago = datetime(1970, 1, 1, tzinfo=UTC)
    eye.say("events", codec.encode(batch([event(1), event(2, shelf_count(units=7), occurred_at=long_ago, clock="bad")])))
    assert eye.acknowledgement().upto == 2
    assert value(engine, "SELECT counted FROM positions") == 7
    assert value(engine, "SELECT count(*) FROM events WHERE said_at < '1971'") == 1


def test_a_device_added_to_a_running_house_is_heard(engine: Engine, broker: Mosquitto, eye: Voice) -> None:
    """Its twin and its first batch need no restart."""
    key = signing.new_key()
    with voice(broker.port, "eye-02", key) as late:
        with writing(engine) as conn:
            register(conn, "eye-02", key)
        late.prove_subscription()
        late.say("events", codec.encode(batch([event(1)], device="eye-02")))
        assert late.acknowledgement().upto == 1


def test_presence_is_what_the_device_says(engine: Engine, eye: Voice) -> None:
    """Birth, health and will; the will of an earlier boot changes nothing."""
    outbox = OutboxHealth(count=4, bytes=900, oldest_age_s=2.5, last_sequence=12)
    eye.say("status", codec.encode(Birth(boot="new", started_at=NOON, version="0.1.0")))
    eye.say("health", codec.encode(Health(boot="new", at=NOON, outbox=outbox, clock="ntp", sources=[])))
    eye.say("status", codec.encode(Will(boot="old", reason="connection_lost")))
    eventually(lambda: value(engine, "SELECT health FROM devices") is not None)
    assert value(engine, "SELECT online FROM devices") == 1
    with reading(engine) as conn:
        (account,) = completeness(conn, "eye-01")
    assert (account.expected, account.missing, account.unsent, account.oldest_unsent_age_s) == (12, 12, 4, 2.5)
    eye.say("status", codec.encode(Will(boot="new", reason="stopped")))
    eventually(lambda: value(engine, "SELECT online FROM devices") == 0)


def is_of_boot(engine: Engine, boot: str) -> bool:
    """Whether the newest birth is of that boot."""
    return bool(value(engine, "SELECT boot FROM devices") == boot)


def test_what_leaves_a_device_of_its_pictures_is_on_record(engine: Engine, eye: Voice) -> None:
    """One line in the audit trail when the rule is first told, and one each time it is another."""
    for boot, rule in (("a", "pixelate"), ("b", "pixelate"), ("c", "keep")):
        birth = Birth(boot=boot, started_at=NOON, version="0.1.0", privacy={"moving_things": rule})
        eye.say("status", codec.encode(birth))
        eventually(partial(is_of_boot, engine, boot))
    with reading(engine) as conn:
        told = conn.execute(text("SELECT before, after FROM audit WHERE action = 'device.privacy' ORDER BY id")).all()
    assert [json.loads(after)["moving_things"] for _, after in told] == ["pixelate", "keep"]
    assert json.loads(told[1][0]) == {"moving_things": "pixelate"}


def test_evidence_is_kept_once_and_acknowledged(engine: Engine, eye: Voice) -> None:
    """By the hash of its content; the same piece again is acknowledged again."""
    for _ in range(2):
        eye.say("evidence", codec.encode(piece(b"a picture")))
        assert eye.acknowledgement().evidence == [piece(b"a picture").sha256]
    assert value(engine, "SELECT count(*) FROM evidence") == 1
    assert value(engine, "SELECT content FROM evidence") == b"a picture"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sha256": "sha256:" + "0" * 64}, "wrong_hash"),
        ({"device": "eye-02"}, "wrong_device"),
        ({"total_bytes": 4}, "bad_data"),
        ({"total_bytes": MAX_EVIDENCE_BYTES + 1}, "oversized"),
    ],
)
def test_evidence_that_is_not_what_it_claims_is_held(
    engine: Engine, eye: Voice, changes: dict[str, Any], reason: str
) -> None:
    """It is not acknowledged."""
    eye.say("evidence", codec.encode(piece(b"a picture", **changes)))
    eventually(lambda: value(engine, "SELECT count(*) FROM quarantine") == 1)
    assert value(engine, "SELECT reason FROM quarantine") == reason
    assert value(engine, "SELECT count(*) FROM evidence") == 0


def test_a_large_piece_comes_chunk_by_chunk(engine: Engine, eye: Voice) -> None:
    """Each answer says how far it is; a chunk beyond that is not kept, one that comes again has no effect."""
    content, chunk = bytes(range(250)) * 200, 20_000

    def said(offset: int) -> Acknowledgement:
        part = piece(content, offset=offset, data=content[offset : offset + chunk])
        eye.say("evidence", codec.encode(part))
        return eye.acknowledgement()

    name = piece(content).sha256
    assert [said(offset).begun[name] for offset in (0, 40_000, 0, 20_000)] == [20_000, 20_000, 20_000, 40_000]
    assert said(40_000) == said(0) == Acknowledgement(boot="b3f1", evidence=[name])
    assert value(engine, "SELECT content FROM evidence") == content
    assert value(engine, "SELECT count(*) FROM evidence_parts") == 0


def test_chunks_that_make_something_else_are_held(engine: Engine, eye: Voice) -> None:
    """The hash is of the whole; it can be sent again from the first byte."""
    content, other = b"a" * 100, b"b" * 50
    eye.say("evidence", codec.encode(piece(content, data=other)))
    assert list(eye.acknowledgement().begun.values()) == [50]
    eye.say("evidence", codec.encode(piece(content, data=other, offset=50)))
    assert eye.acknowledgement() == Acknowledgement(boot="b3f1")
    assert value(engine, "SELECT reason FROM quarantine") == "wrong_hash"
    assert value(engine, "SELECT count(*) FROM evidence_parts") == 0


def test_a_locked_database_costs_time_only(engine: Engine, eye: Voice) -> None:
    """While another holds the write lock nothing is acknowledged; afterwards everything lands."""
    with writing(engine):
        eye.say("events", codec.encode(batch([event(1), event(2)])))
        with pytest.raises(Empty):
            eye.acknowledgement(timeout_s=1)
    assert eye.acknowledgement(timeout_s=30).upto == 2


def test_a_full_disk_costs_time_only(engine: Engine, eye: Voice) -> None:
    """While the database may not grow nothing is acknowledged; when there is room it lands, once."""
    allow_pages(engine, 1)
    eye.say("events", codec.encode(batch([event(n) for n in range(1, 101)])))
    with pytest.raises(Empty):
        eye.acknowledgement(timeout_s=1)
    allow_pages(engine, 1_000_000)
    assert eye.acknowledgement(timeout_s=30).upto == 100
    assert value(engine, "SELECT count(*) FROM events") == 100


def test_what_the_code_stumbles_over_is_set_aside_alone(engine: Engine, eye: Voice) -> None:
    """A batch that cannot be landed is held whole; its neighbour in the same moment lands."""
    with writing(engine) as conn:
        conn.execute(text("CREATE TRIGGER refused BEFORE INSERT ON readings BEGIN SELECT raise(ABORT, 'refused'); END"))
    minute = sensor_summary(channels=[ChannelSummary(channel="vibration_mm_s", unit="mm/s", n=2)])
    eye.say("events", codec.encode(batch([event(1, minute)])))
    eye.say("events", codec.encode(batch([event(2)])))
    eventually(lambda: eye.acknowledgement().upto == 2)
    assert value(engine, "SELECT reason FROM quarantine") == "unlandable"
    assert value(engine, "SELECT sequence FROM events") == 2


def test_conclusions_are_announced_in_one_gapless_row(engine: Engine, eye: Voice) -> None:
    """A defect, an anomaly, its alarm and the changed level, numbered 1 to 4; a level told before is not told again."""
    said = [event(1, defect()), event(2, equipment_anomaly()), event(3), event(4)]
    eye.say("events", codec.encode(batch(said)))
    assert eye.acknowledgement().upto == 4
    with reading(engine) as conn:
        rows = announcements.after(conn, "s1", 0, 10)
    assert [row.sequence for row in rows] == [1, 2, 3, 4]
    assert {row.topic.removeprefix("tallyhouse/v1/out/s1/") for row in rows} == {
        "quality/defect",
        "equipment/anomaly",
        "alarm/changed",
        "stock/level/oat-milk-1l",
    }


def test_a_device_that_sends_nothing_but_poison_fills_no_disk(engine: Engine) -> None:
    """Beyond a thousand things of one device only the number is kept, with its reason; those of another still are."""
    strange = [Held("unreadable", "", "up", str(n).encode(), "eye-01") for n in range(quarantine.MOST_OF_A_DEVICE + 7)]
    with writing(engine) as conn:
        quarantine.hold(conn, [*strange, Held("unreadable", "", "up", b"x", "eye-02")], NOON)
        quarantine.hold(conn, strange, NOON)
        assert quarantine.count(conn, "eye-01") == quarantine.MOST_OF_A_DEVICE + 1
        assert quarantine.count(conn, "eye-02") == 1
    assert value(engine, "SELECT times FROM quarantine WHERE reason = 'quarantine_full'") == 14
    assert value(engine, "SELECT min(times) FROM quarantine WHERE device = 'eye-01'") == 2
