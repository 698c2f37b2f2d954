"""Passwords, sessions and links: what lets somebody in, and what does not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Connection

from central.errors import Refused
from central.identity import sessions
from central.identity.passwords import Passwords
from central.identity.permissions import may, roles_that_may
from central.store import people
from central.store.engine import open_engine, writing
from central.store.metadata import metadata

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    """A connection on a database with one admin, Li."""
    engine = open_engine(tmp_path / "house.db")
    with writing(engine) as conn:
        metadata.create_all(conn)
        people.add_user(conn, "li", "admin", NOW)
        yield conn
    engine.dispose()


@pytest.fixture(scope="module")
def passwords() -> Passwords:
    """Argon2id as cheap as it goes."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def test_a_password_opens_its_own_hash_only(passwords: Passwords) -> None:
    """The right word is right, another is wrong, and nobody's hash takes no word at all."""
    stored = passwords.hashed("oat milk on B-04")
    assert stored.startswith("$argon2id$")
    assert passwords.is_right(stored, "oat milk on B-04")
    assert not passwords.is_right(stored, "oat milk on B-05")
    assert not passwords.is_right(None, "the password of nobody")
    assert not passwords.is_right("damaged", "oat milk on B-04")


def test_a_session_ends_when_it_is_closed(conn: Connection) -> None:
    """The cookie's secret names a person until the session is revoked."""
    li = people.person_named(conn, "li")
    assert li is not None
    secret = sessions.open_session(conn, li, NOW, "127.0.0.1")
    assert sessions.person_of(conn, secret, NOW) == li
    sessions.close_session(conn, secret, NOW)
    assert sessions.person_of(conn, secret, NOW) is None


def test_a_session_expires(conn: Connection) -> None:
    """After two weeks the secret is worth nothing."""
    li = people.person_named(conn, "li")
    assert li is not None
    secret = sessions.open_session(conn, li, NOW, None)
    assert sessions.person_of(conn, secret, NOW + sessions.SESSION_LASTS) is None
    assert sessions.person_of(conn, None, NOW) is None


def test_other_sessions_can_be_closed_at_once(conn: Connection) -> None:
    """A lost tablet is locked out from the desk; the desk stays signed in."""
    li = people.person_named(conn, "li")
    assert li is not None
    desk, tablet = (sessions.open_session(conn, li, NOW, None) for _ in range(2))
    assert sessions.close_others(conn, li, desk, NOW) == 1
    assert sessions.person_of(conn, tablet, NOW) is None
    assert sessions.person_of(conn, desk, NOW) == li


def test_a_link_lets_in_once(conn: Connection) -> None:
    """The first use names the person, the second nobody; neither does a link of yesterday."""
    secret = sessions.sign_in_link(conn, "li", NOW)
    person = sessions.use_link(conn, secret, NOW)
    assert person is not None
    assert person.name == "li"
    assert sessions.use_link(conn, secret, NOW) is None
    late = sessions.sign_in_link(conn, "li", NOW)
    assert sessions.use_link(conn, late, NOW + timedelta(hours=25)) is None


def test_a_link_needs_a_user(conn: Connection) -> None:
    """The refusal names the user and the command that adds one."""
    with pytest.raises(Refused, match="tallyhouse user add chen"):
        sessions.sign_in_link(conn, "chen", NOW)


def test_roles_are_lists_of_permissions() -> None:
    """Everybody sees, the floor acknowledges, the planner decides, the admin does all; a role nobody wrote may nothing."""
    assert may("viewer", "see")
    assert not may("viewer", "decision.review")
    assert may("admin", "decision.review")
    assert not may("stranger", "see")
    assert may("floor", "alarm.acknowledge")
    assert may("floor", "alarm.shelve")
    assert not may("viewer", "alarm.acknowledge")
    assert roles_that_may("decision.review") == ("planner", "admin")
    assert roles_that_may("model.release") == ("admin",)
