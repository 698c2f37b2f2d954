"""Sensor history by minute: one row a channel, one row an asset."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Column, Connection, Float, Integer, String, Table

from central.store.engine import positional, upsert
from central.store.metadata import metadata
from central.store.types import Instant, instant_text

readings = Table(
    "readings",
    metadata,
    Column("site", String, primary_key=True),
    Column("asset", String, primary_key=True),
    Column("channel", String, primary_key=True),
    Column("started_at", Instant, primary_key=True),
    Column("unit", String, nullable=False),
    Column("n", Integer, nullable=False),
    Column("min", Float),
    Column("mean", Float),
    Column("max", Float),
    Column("rms", Float),
    Column("expected_low", Float),
    Column("expected_high", Float),
    sqlite_with_rowid=False,
)

asset_minutes = Table(
    "asset_minutes",
    metadata,
    Column("site", String, primary_key=True),
    Column("asset", String, primary_key=True),
    Column("started_at", Instant, primary_key=True),
    Column("window_s", Float, nullable=False),
    Column("state", String, nullable=False),
    Column("score", Float, nullable=False),
    Column("limit", Float, nullable=False),
    Column("learned", Float, nullable=False),
    Column("device", String, nullable=False),
    Column("sequence", Integer, nullable=False),
    sqlite_with_rowid=False,
)

ReadingRow = tuple[  # as the columns of `readings`, times as text
    str, str, str, str, str, int, float | None, float | None, float | None, float | None, float | None, float | None
]  # fmt: skip
MinuteRow = tuple[str, str, str, float, str, float, float, float, str, int]  # as the columns of `asset_minutes`


def _put(table: Table) -> str:
    row = upsert(table)
    key = [column.name for column in table.primary_key]
    fresh = {column.name: row.excluded[column.name] for column in table.c if column.name not in key}
    return positional(row.on_conflict_do_update(index_elements=key, set_=fresh))


_PUT_READING = _put(readings)
_PUT_MINUTE = _put(asset_minutes)
_MOVE = (
    "UPDATE OR REPLACE readings SET started_at = ? WHERE site = ? AND asset = ? AND started_at = ?",
    "UPDATE OR REPLACE asset_minutes SET started_at = ? WHERE site = ? AND asset = ? AND started_at = ?",
)


def put(conn: Connection, channels: Sequence[ReadingRow], minutes: Sequence[MinuteRow]) -> None:
    """Insert or overwrite the minutes of channels and of assets: a window that is told again replaces the first."""
    if channels:
        conn.exec_driver_sql(_PUT_READING, list(channels))
    if minutes:
        conn.exec_driver_sql(_PUT_MINUTE, list(minutes))


def move(conn: Connection, site: str, windows: Sequence[tuple[str, datetime, datetime]]) -> None:
    """Let windows of assets begin at another time: asset, old begin, new begin. What lay there is replaced."""
    # Each into the room that the one before it left: the other way round they would fall on one another.
    back = sorted((window for window in windows if window[2] < window[1]), key=_begin)
    forth = sorted((window for window in windows if window[2] > window[1]), key=_begin, reverse=True)
    rows = [(instant_text(new), site, asset, instant_text(old)) for asset, old, new in (*back, *forth)]
    for statement in _MOVE if rows else ():
        conn.exec_driver_sql(statement, rows)


def _begin(window: tuple[str, datetime, datetime]) -> datetime:
    return window[1]
