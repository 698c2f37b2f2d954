"""Users, their sessions and one-time sign-in links, and the tokens of programs. Secrets are stored hashed."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Integer,
    Row,
    Select,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

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
    Column("expires_at", Instant),  # none: until it is revoked
)


@dataclass(frozen=True)
class Person:
    """Somebody who may sign in."""

    id: int
    name: str
    role: str  # viewer | admin
    language: str | None


def add_user(conn: Connection, name: str, role: str, now: datetime, password_hash: str | None = None) -> int:
    """A new person; without a hash, they come in by a sign-in link. The caller has made sure that the name is free."""
    values = {"name": name, "role": role, "password_hash": password_hash, "created_at": now}
    return int(conn.execute(insert(users).values(values).returning(users.c.id)).scalar_one())


def person_named(conn: Connection, name: str) -> Person | None:
    """Whoever has that name and is not disabled."""
    return _person(conn.execute(_people().where(users.c.name == name)).first())


def password_hash(conn: Connection, user_id: int) -> str | None:
    """The argon2id hash, None until a password is set."""
    row = conn.execute(select(users.c.password_hash).where(users.c.id == user_id)).one()
    return None if row[0] is None else str(row[0])


def set_password_hash(conn: Connection, user_id: int, hashed: str) -> None:
    """Replace a person's password."""
    conn.execute(update(users).where(users.c.id == user_id).values(password_hash=hashed))


def set_language(conn: Connection, user_id: int, language: str) -> None:
    """Remember in which language a person reads."""
    conn.execute(update(users).where(users.c.id == user_id).values(language=language))


def open_session(
    conn: Connection, user_id: int, secret_hash: str, now: datetime, expires_at: datetime, address: str | None
) -> None:
    """A new sign-in, kept under the hash of its secret."""
    values = {"secret_hash": secret_hash, "user_id": user_id, "created_at": now}
    conn.execute(insert(sessions).values(values | {"expires_at": expires_at, "address": address}))


def person_of_session(conn: Connection, secret_hash: str, now: datetime) -> Person | None:
    """Who holds an open session; None when it has expired, was revoked or belongs to somebody disabled."""
    is_open = (sessions.c.secret_hash == secret_hash) & sessions.c.revoked_at.is_(None) & (sessions.c.expires_at > now)
    return _person(conn.execute(_people().join(sessions, sessions.c.user_id == users.c.id).where(is_open)).first())


def revoke_session(conn: Connection, secret_hash: str, now: datetime) -> None:
    """End one session."""
    conn.execute(update(sessions).where(sessions.c.secret_hash == secret_hash).values(revoked_at=now))


def revoke_other_sessions(conn: Connection, user_id: int, kept_hash: str, now: datetime) -> int:
    """End all sessions of a person but one; how many were open."""
    others = (sessions.c.user_id == user_id) & (sessions.c.secret_hash != kept_hash) & sessions.c.revoked_at.is_(None)
    return conn.execute(update(sessions).where(others & (sessions.c.expires_at > now)).values(revoked_at=now)).rowcount


def add_link(conn: Connection, user_id: int, secret_hash: str, expires_at: datetime) -> None:
    """A sign-in link that works once."""
    conn.execute(insert(sign_in_links).values(secret_hash=secret_hash, user_id=user_id, expires_at=expires_at))


def use_link(conn: Connection, secret_hash: str, now: datetime) -> Person | None:
    """Whom a link lets in, this one time; None when it was used, has expired or never was."""
    is_good = (
        (sign_in_links.c.secret_hash == secret_hash) & sign_in_links.c.used_at.is_(None) & (sign_in_links.c.expires_at > now)
    )
    used = update(sign_in_links).where(is_good).values(used_at=now).returning(sign_in_links.c.user_id)
    user_id = conn.execute(used).scalar_one_or_none()
    return None if user_id is None else _person(conn.execute(_people().where(users.c.id == user_id)).first())


def _people() -> Select[int, str, str, str | None]:
    columns = (users.c.id, users.c.name, users.c.role, users.c.language)
    return select(*columns).where(users.c.disabled.is_(False))


def _person(row: Row[int, str, str, str | None] | None) -> Person | None:
    return None if row is None else Person(*row)


@dataclass(frozen=True)
class Token:
    """A program that may use the API at one site; `secret_hash` is SHA-256."""

    prefix: str
    secret_hash: str
    name: str
    scopes: tuple[str, ...]
    site: str
    used_at: datetime | None = None
    revoked_at: datetime | None = None
    expires_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Whether it opens anything."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def add_token(conn: Connection, token: Token, now: datetime) -> None:
    """Keep a new token; one of the same name is replaced."""
    conn.execute(delete(tokens).where(tokens.c.name == token.name))
    conn.execute(insert(tokens).values(asdict(token) | {"scopes": list(token.scopes), "created_at": now}))


def token(conn: Connection, prefix: str) -> Token | None:
    """The token of that prefix, revoked ones too."""
    columns = [tokens.c[name] for name in Token.__dataclass_fields__]
    row = conn.execute(select(*columns).where(tokens.c.prefix == prefix)).mappings().first()
    return None if row is None else Token(**(dict(row) | {"scopes": tuple(row["scopes"])}))


def all_tokens(conn: Connection) -> list[Token]:
    """Every token by the name of its program, revoked and ended ones too."""
    columns = [tokens.c[name] for name in Token.__dataclass_fields__]
    rows = conn.execute(select(*columns).order_by(tokens.c.name)).mappings()
    return [Token(**(dict(row) | {"scopes": tuple(row["scopes"])})) for row in rows]


def tokens_with(conn: Connection, scope: str) -> list[Token]:
    """The tokens that have a scope and are not revoked, by name; one that has ended may be among them."""
    return [token for token in all_tokens(conn) if scope in token.scopes and token.revoked_at is None]


def touch_token(conn: Connection, prefix: str, now: datetime) -> None:
    """Remember when a token was last used."""
    conn.execute(update(tokens).where(tokens.c.prefix == prefix).values(used_at=now))


def revoke_token(conn: Connection, name: str, now: datetime) -> bool:
    """Let a program in no longer; False when there is none of that name."""
    is_open = (tokens.c.name == name) & tokens.c.revoked_at.is_(None)
    return conn.execute(update(tokens).where(is_open).values(revoked_at=now)).rowcount == 1
