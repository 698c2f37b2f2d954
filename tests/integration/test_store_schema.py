"""Migrations on a real SQLite file."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import OperationalError

from central.store import schema
from central.store.engine import open_engine, reading, writing


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty database."""
    engine = open_engine(tmp_path / "house.db")
    yield engine
    engine.dispose()


def test_an_upgraded_database_is_what_the_tables_say(engine: Engine) -> None:
    """Nothing in the code's tables differs from what the migrations made."""
    schema.upgrade(engine)
    with reading(engine) as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        assert compare_metadata(context, schema.whole_metadata()) == []


def test_a_database_knows_whether_it_is_current(engine: Engine) -> None:
    """Before the first upgrade it has no revision; after it the newest; a second upgrade has no effect."""
    assert not schema.is_current(engine)
    assert schema.revision(engine) is None
    schema.upgrade(engine)
    assert schema.is_current(engine)
    schema.upgrade(engine)
    assert schema.revision(engine) == schema.newest_revision()


def test_a_failed_upgrade_leaves_nothing_behind(engine: Engine) -> None:
    """A table in the way stops the first migration, and none of its other tables stays."""
    with writing(engine) as conn:
        conn.execute(text("CREATE TABLE sites (other INTEGER)"))
    with pytest.raises(OperationalError):
        schema.upgrade(engine)
    assert inspect(engine).get_table_names() == ["sites"]
