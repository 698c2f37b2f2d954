"""Users, their sessions and one-time sign-in links, and the tokens of programs. Secrets are stored hashed."""

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table

from central.store.metadata import metadata
from central.store.types import Instant, Json

users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("password_hash", String),  # argon2id; none until the person sets one
    Column("role", String, nullable=False),  # viewer | admin
    Column("language", String),
    Column("created_at", Instant, nullable=False),
    Column("disabled", Boolean, nullable=False, default=False),
    sqlite_autoincrement=True,
)

sessions = Table(
    "sessions",
    metadata,
    Column("secret_hash", String, primary_key=True),  # SHA-256 of the cookie's secret
    Column("user_id", Integer, ForeignKey("users.id"), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("address", String),
)

sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("secret_hash", String, primary_key=True),
    Column("user_id", Integer, ForeignKey("users.id"), nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)

tokens = Table(
    "tokens",
    metadata,
    Column("prefix", String, primary_key=True),
    Column("secret_hash", String, nullable=False),  # SHA-256
    Column("name", String, nullable=False, unique=True),
    Column("scopes", Json, nullable=False),  # ["movements:write", …]
    Column("site", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("used_at", Instant),
    Column("revoked_at", Instant),
)
