"""Sensor history by the hour: what is kept of readings once their minutes are too old."""

from sqlalchemy import Column, Connection, Float, Integer, String, Table

from central.store.metadata import metadata
from central.store.types import Instant

reading_hours = Table(
    "reading_hours",
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
    sqlite_with_rowid=False,
)

# Mean and rms are weighed by the number of samples.
_ROLL_UP = """INSERT INTO reading_hours (site, asset, channel, started_at, unit, n, min, mean, max, rms)
SELECT site, asset, channel, substr(started_at, 1, 13) || ':00:00.000+00:00', max(unit), sum(n), min(min),
  sum(n * mean) / sum(CASE WHEN mean IS NOT NULL THEN n END), max(max),
  sqrt(sum(n * rms * rms) / sum(CASE WHEN rms IS NOT NULL THEN n END))
FROM readings WHERE site = ? AND asset = ? AND channel = ? AND started_at >= ? AND started_at < ?
GROUP BY substr(started_at, 1, 13) ON CONFLICT DO NOTHING"""


def roll_up(conn: Connection, channel: tuple[str, str, str], since: str, until: str) -> int:
    """Make hours of a channel's minutes between two whole hours (as stored); how many. An hour that there is stays.

    channel: (site, asset, channel).
    """
    return conn.exec_driver_sql(_ROLL_UP, (*channel, since, until)).rowcount
