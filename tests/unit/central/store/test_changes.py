"""The change log and the one thread that tails it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Engine, insert

from central.store import changes
from central.store.engine import open_engine, reading, writing
from central.store.metadata import metadata

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A database with an empty log."""
    engine = open_engine(tmp_path / "house.db")
    with writing(engine) as conn:
        metadata.create_all(conn)
    yield engine
    engine.dispose()


def _change(engine: Engine, key: str) -> None:
    with writing(engine) as conn:
        conn.execute(insert(changes.changes).values(site="s1", noun="device", key=key, at=NOW))


def test_changes_are_read_after_a_row(engine: Engine) -> None:
    """What a page has seen does not come again."""
    for key in ("eye-01", "ear-01"):
        _change(engine, key)
    with reading(engine) as conn:
        assert [change.key for change in changes.since(conn, after=1)] == ["ear-01"]
        assert changes.newest(conn) == 2


def test_a_wait_ends_with_the_next_row(engine: Engine) -> None:
    """Whoever waits is woken by a commit, long before the time limit."""
    tail = changes.Tail(engine, look_every_s=0.01)
    found: list[bool] = []
    waiting = Thread(target=lambda: found.append(tail.wait(0, timeout_s=30)))
    waiting.start()
    _change(engine, "eye-01")
    waiting.join(10)
    tail.stop()
    assert found == [True]


def test_a_wait_without_a_row_runs_out(engine: Engine) -> None:
    """No change, no answer: the page sends its sign of life instead."""
    tail = changes.Tail(engine, look_every_s=0.01)
    assert not tail.wait(0, timeout_s=0.05)
    tail.stop()


def test_stopping_lets_everybody_go(engine: Engine) -> None:
    """A process that goes down does not wait for its open pages."""
    tail = changes.Tail(engine, look_every_s=0.01)
    waiting = Thread(target=tail.wait, args=(0, 60))
    waiting.start()
    tail.stop()
    waiting.join(10)
    assert not waiting.is_alive()
    assert tail.is_stopped
