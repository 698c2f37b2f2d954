"""The database door: an engine whose readers never wait and whose writers queue.

sqlite3's own transactions let a read-then-write of one process overwrite another's silently, and a deferred BEGIN fails at
once with "locked". So we say BEGIN ourselves: `reading` is deferred, `writing` takes the write lock first.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any

from msgspec.json import encode
from sqlalchemy import ColumnElement, Connection, Engine, Table, create_engine, event, func, select, tuple_
from sqlalchemy.dialects.sqlite import Insert, dialect, insert

BUSY_TIMEOUT_S = 10
ROWS_A_STATEMENT = 50
_ONE_ROW = re.compile(r"\((\?, )*\?\)")
_PRAGMAS = (
    "auto_vacuum=INCREMENTAL",  # before the first table, or never: what is forgotten can be given back to the disk
    "journal_mode=wal",
    "synchronous=FULL",
    "foreign_keys=on",
    f"busy_timeout={BUSY_TIMEOUT_S * 1000}",
    "wal_autocheckpoint=4000",  # 16 MB: at the default of 4 MB every transaction of a backlog would copy its pages twice
)


def open_engine(path: Path) -> Engine:
    """An engine on the SQLite file at `path`."""
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_TIMEOUT_S})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one moment and must not write."""
    with engine.connect() as conn:
        yield conn


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection that holds the write lock from its first statement; commits at the end, rolls back on an error."""
    with engine.execution_options(write=True).begin() as conn:
        yield conn


def upsert(table: Table) -> Insert:
    """INSERT that knows ON CONFLICT, in the dialect of the engine."""
    return insert(table)


def put_rows(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert or overwrite many rows by their primary key; every row has every column. No effect when there are none."""
    if not rows:
        return
    key = [column.name for column in table.primary_key]
    row = upsert(table)
    fresh = {column.name: row.excluded[column.name] for column in table.columns if column.name not in key}
    conn.execute(row.on_conflict_do_update(index_elements=key, set_=fresh), rows)


def among(columns: Sequence[ColumnElement[Any]], keys: Collection[Sequence[str | int]]) -> ColumnElement[bool]:
    """Whether a row is one of many, by the values of `columns`: one statement and one parameter however many they are."""
    each = func.json_each(encode(list(keys)).decode()).table_valued("value")
    values = (func.json_extract(each.c.value, f"$[{place}]") for place in range(len(columns)))
    return tuple_(*columns).in_(select(*values))


def positional(statement: Insert) -> str:
    """The text of an INSERT of every column, for rows of plain values in the order of the columns: the fast way in."""
    return str(statement.compile(dialect=dialect()))


class RowInsert:
    """Many rows of plain values into one table, by a `statement` for one row that has a ? for each value.

    Fifty rows go with one statement: SQLite works on them without the interpreter's lock, so that other threads run.
    """

    def __init__(self, statement: str) -> None:
        self._one = statement
        self._many = _ONE_ROW.sub(lambda row: ", ".join([row[0]] * ROWS_A_STATEMENT), statement, count=1)

    def __call__(self, conn: Connection, rows: Sequence[tuple[object, ...]]) -> None:
        """Insert them in their order; no effect when there are none."""
        singles_at = len(rows) - len(rows) % ROWS_A_STATEMENT
        for at in range(0, singles_at, ROWS_A_STATEMENT):
            conn.exec_driver_sql(self._many, tuple(chain.from_iterable(rows[at : at + ROWS_A_STATEMENT])))
        if singles_at < len(rows):
            conn.exec_driver_sql(self._one, list(rows[singles_at:]))


def _prepare(raw: SqliteConnection, _record: object) -> None:
    raw.isolation_level = None  # we say BEGIN, sqlite3 does not
    for pragma in _PRAGMAS:
        raw.execute(f"PRAGMA {pragma}")


def _begin(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN IMMEDIATE" if conn.get_execution_options().get("write") else "BEGIN")
