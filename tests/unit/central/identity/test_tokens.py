"""Tokens of programs are shown once and known only by their hash."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Connection, select

from central.errors import Refused
from central.identity import tokens
from central.store import people, schema
from central.store.engine import open_engine, writing
from tests.makers import NOON


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    """A writing connection to an empty house."""
    engine = open_engine(tmp_path / "house.db")
    schema.upgrade(engine)
    with writing(engine) as conn:
        yield conn
    engine.dispose()


def issue(conn: Connection, *scopes: str, seed: int = 1) -> str:
    """A token for the till."""
    return tokens.issue(conn, "till", "s1", scopes, NOON, Random(seed).randbytes)


def test_a_token_opens_what_it_was_issued_for(conn: Connection) -> None:
    """Its site and scopes come back, its secret is nowhere in the database."""
    text = issue(conn, "stock:read")
    known = tokens.bearer(conn, text, NOON)
    assert known is not None
    assert (known.site, known.scopes) == ("s1", ("stock:read",))
    stored = str(conn.execute(select(people.tokens)).all())
    assert text.split("_")[2] not in stored


@pytest.mark.parametrize(
    "wrong", ["", "th_", "th__", "xx_{0}_{1}", "th_{0}_", "th_{0}_0000", "th_00000000_{1}", "th_{0}_{1}_"]
)
def test_a_wrong_token_opens_nothing(conn: Connection, wrong: str) -> None:
    """Neither empty, nor half, nor with another prefix or secret."""
    _, prefix, secret = issue(conn, "stock:read").split("_")
    assert tokens.bearer(conn, wrong.format(prefix, secret), NOON) is None


def test_a_revoked_token_opens_nothing(conn: Connection) -> None:
    """From the moment it is revoked; revoking twice says that there was nothing left to revoke."""
    text = issue(conn, "stock:read")
    assert people.revoke_token(conn, "till", NOON)
    assert not people.revoke_token(conn, "till", NOON)
    assert tokens.bearer(conn, text, NOON) is None


def test_a_new_token_of_the_same_program_replaces_the_old_one(conn: Connection) -> None:
    """Only the newest is valid."""
    old, new = issue(conn, "stock:read"), issue(conn, "stock:read", seed=2)
    assert tokens.bearer(conn, old, NOON) is None
    assert tokens.bearer(conn, new, NOON) is not None


def test_a_scope_that_does_not_exist_is_refused(conn: Connection) -> None:
    """With the list of those that do."""
    with pytest.raises(Refused, match=r"stock:write.*stock:read"):
        issue(conn, "stock:write")


def test_a_token_ends_when_it_was_said_to(conn: Connection) -> None:
    """To the moment; what has no end stays good."""
    text = tokens.issue(conn, "till", "s1", ["stock:read"], NOON, Random(1).randbytes, NOON + timedelta(days=1))
    assert tokens.bearer(conn, text, NOON + timedelta(hours=23)) is not None
    assert tokens.bearer(conn, text, NOON + timedelta(days=1)) is None
    endless = issue(conn, "stock:read", seed=2)
    assert tokens.bearer(conn, endless, NOON + timedelta(days=9999)) is not None
