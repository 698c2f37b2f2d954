"""Sensor history by minute: one row a channel, one row an asset."""

from sqlalchemy import Column, Float, Integer, String, Table

from central.store.metadata import metadata
from central.store.types import Instant

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
