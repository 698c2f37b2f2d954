"""What the ledgers of both sides say of one run."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, update

from central.store import schema
from central.store.counts import counts
from central.store.decisions import decision_causes, decisions
from central.store.devices import Device, add, ledgers
from central.store.engine import open_engine, reading, writing
from central.store.events import events
from central.up.report import Run, cursors, drained, written

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
RUN = Run(before={"eye-01": 10, "ear-01": 0}, after={"eye-01": 13, "ear-01": 2})


def event(device: str, sequence: int, kind: str, took_ms: int) -> dict[str, object]:
    return {
        "device": device, "sequence": sequence, "id": f"{device}-{sequence}", "site": "s1", "kind": kind,
        "occurred_at": NOON, "received_at": NOON + timedelta(milliseconds=took_ms), "boot": "b", "monotonic_ms": 0,
        "clock": "ntp", "data": "{}",
    }  # fmt: skip


def count(sequence: int) -> dict[str, object]:
    place = {"site": "s1", "location": "a-01", "sku": "tea", "units": 3, "confidence": 0.9}
    return {**place, "counted_at": NOON, "device": "eye-01", "sequence": sequence}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A database with an earlier run (eye-01 up to 10) and this one."""
    opened = open_engine(tmp_path / "house.db")
    schema.upgrade(opened)
    landed = [event("eye-01", n, "shelf_count/1", 100 * n) for n in (10, 11, 12, 13)]
    landed += [event("ear-01", 1, "sensor_summary/1", 60_000), event("ear-01", 2, "equipment_anomaly/1", 500)]
    with writing(opened) as conn:
        for device, stored in (("eye-01", 4), ("ear-01", 2)):
            add(conn, Device(device, "s1", device, "key", NOON))
            values = {"cursor": RUN.after[device], "stored": stored}
            conn.execute(update(ledgers).where(ledgers.c.device == device).values(values))
        conn.execute(insert(events), landed)
        conn.execute(insert(counts), [count(n) for n in (10, 11, 12, 13)])
    yield opened
    opened.dispose()


def test_only_this_run_counts(engine: Engine) -> None:
    """Nothing of the runs before; windows of a minute do not count as slow."""
    with reading(engine) as conn:
        report = written(conn, RUN)
    assert report["events_created"] == report["events_landed"] == 5
    assert (report["lost"], report["applied_twice"], report["decisions"]) == (0, 0, 0)
    assert report["by_kind"] == {"equipment_anomaly/1": 1, "sensor_summary/1": 1, "shelf_count/1": 3}
    assert report["devices"] == {"eye-01": 3, "ear-01": 2}
    assert report["latency_ms"]["p50"] == pytest.approx(1150)
    assert report["latency_ms"]["p95"] < 1300
    assert list(report) == [
        "events_created",
        "events_landed",
        "lost",
        "applied_twice",
        "by_kind",
        "decisions",
        "latency_ms",
        "devices",
    ]


def test_what_did_not_land_is_lost(engine: Engine) -> None:
    """A sequence that was given and is no row counts, whatever the reason."""
    with reading(engine) as conn:
        assert written(conn, Run(RUN.before, {"eye-01": 20, "ear-01": 2}))["lost"] == 7


def test_a_count_kept_twice_is_told(engine: Engine) -> None:
    """So is an event that a ledger has counted and the table has not."""
    with writing(engine) as conn:
        conn.execute(insert(counts), [count(12), count(12)])
        conn.execute(update(ledgers).where(ledgers.c.device == "ear-01").values(stored=5))
    with reading(engine) as conn:
        assert written(conn, RUN)["applied_twice"] == 2 + 3


def test_only_proposals_that_events_of_this_run_caused_count(engine: Engine) -> None:
    """A proposal of the run before, and a finding that nothing need be done, are none."""
    with writing(engine) as conn:
        for name, sequence, proposal in (("old", 10, {"units": 1}), ("new", 12, {"units": 1}), ("nothing", 13, None)):
            shared = {"site": "s1", "capability": "supply.inventory", "subject": "tea", "decided_at": NOON, "reasons": []}
            row = {"id": name, "state": "proposed", "proposal": proposal, "inputs": {}, "params_version": 0}
            conn.execute(insert(decisions).values(shared | row))
            cause = {
                "decision": name,
                "position": 0,
                "kind": "count",
                "reference": "1",
                "device": "eye-01",
                "sequence": sequence,
            }
            conn.execute(insert(decision_causes).values(cause))
    with reading(engine) as conn:
        assert written(conn, RUN)["decisions"] == 1


def test_a_run_without_devices_is_a_report_of_zeros(engine: Engine) -> None:
    """An empty house reports too."""
    with reading(engine) as conn:
        report = written(conn, Run({}, {}))
    assert (report["events_created"], report["events_landed"], report["by_kind"]) == (0, 0, {})
    assert report["latency_ms"] == {"p50": None, "p95": None}


def test_draining_waits_for_both_sides(engine: Engine) -> None:
    """It ends when the counters stand still and the cursors have come up to them."""
    last = iter([{"eye-01": 12}, {"eye-01": 13}, {"eye-01": 13}, {"eye-01": 13}])
    landed = iter([{"eye-01": 12}, {"eye-01": 13}])
    assert drained(lambda: next(last), lambda: next(landed)) == {"eye-01": 13}
    assert next(last, None) is None
    with reading(engine) as conn:
        assert cursors(conn) == RUN.after
