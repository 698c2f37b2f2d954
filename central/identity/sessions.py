"""Sign-ins that can be ended: a random secret in a cookie, its SHA-256 in the database; and links that work once."""

from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe

from sqlalchemy import Connection

from central.errors import Refused
from central.store import people
from central.store.people import Person

SESSION_LASTS = timedelta(days=14)
LINK_LASTS = timedelta(hours=24)


def secret_hash(secret: str) -> str:
    """The form in which a secret is stored: worth nothing to whoever reads the database."""
    return sha256(secret.encode()).hexdigest()


def open_session(conn: Connection, person: Person, now: datetime, address: str | None) -> str:
    """A new session of `person`; the secret for the cookie."""
    secret = token_urlsafe(32)
    people.open_session(conn, person.id, secret_hash(secret), now, now + SESSION_LASTS, address)
    return secret


def person_of(conn: Connection, secret: str | None, now: datetime) -> Person | None:
    """Who holds the session of this cookie, if it is still open."""
    return people.person_of_session(conn, secret_hash(secret), now) if secret else None


def close_session(conn: Connection, secret: str, now: datetime) -> None:
    """End the session of this cookie."""
    people.revoke_session(conn, secret_hash(secret), now)


def close_others(conn: Connection, person: Person, secret: str, now: datetime) -> int:
    """End every other session of `person`; how many there were."""
    return people.revoke_other_sessions(conn, person.id, secret_hash(secret), now)


def sign_in_link(conn: Connection, name: str, now: datetime) -> str:
    """The secret of a link that lets `name` in once within 24 hours: `/sign-in/link/<secret>`. Raises Refused."""
    person = people.person_named(conn, name)
    if person is None:
        raise Refused(f"there is no user {name!r}; add one with `tallyhouse user add {name}`")
    secret = token_urlsafe(24)
    people.add_link(conn, person.id, secret_hash(secret), now + LINK_LASTS)
    return secret


def use_link(conn: Connection, secret: str, now: datetime) -> Person | None:
    """Whom the link lets in; None when it was used before, has expired or is made up."""
    return people.use_link(conn, secret_hash(secret), now)
