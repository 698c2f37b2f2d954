"""Bearer tokens of programs: `th_<prefix>_<secret>`, shown once, kept as a SHA-256, bound to one site and some scopes.

A secret of 256 random bits needs no slow hash. Wrong, ended, revoked and unknown tokens are refused alike.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Literal, get_args

from sqlalchemy import Connection

from central.errors import Refused
from central.store import people
from central.store.people import Token

Scope = Literal[
    "alarms:read",
    "alarms:write",
    "events:read",
    "devices:read",
    "devices:write",
    "devices:command",
    "devices:admit",
    "movements:write",
    "stock:read",
    "data:import",
    "decisions:read",
    "decisions:review",
    "params:write",
    "out:read",
    "evidence:read",
    "health:read",
    "metrics:read",
]
SCOPES: tuple[str, ...] = get_args(Scope)
USE_NOTED_EVERY = timedelta(minutes=1)


def issue(
    conn: Connection,
    name: str,
    site: str,
    scopes: Sequence[str],
    now: datetime,
    entropy: Callable[[int], bytes],
    expires_at: datetime | None = None,
) -> str:
    """A new token for the program `name`, in place of the one it had. Raises Refused for a scope that does not exist."""
    if unknown := set(scopes) - set(SCOPES):
        raise Refused(f"there is no scope {', '.join(sorted(unknown))}; choose among {', '.join(SCOPES)}")
    prefix, secret = entropy(4).hex(), entropy(32).hex()
    people.add_token(conn, Token(prefix, _hash(secret), name, tuple(scopes), site, expires_at=expires_at), now)
    return f"th_{prefix}_{secret}"


def bearer(conn: Connection, text: str, now: datetime) -> Token | None:
    """Whose token `text` is; None when it is not one that is valid."""
    mark, _, rest = text.partition("_")
    prefix, _, secret = rest.partition("_")
    known = people.token(conn, prefix) if mark == "th" else None
    is_right = compare_digest(_hash(secret), known.secret_hash if known else _hash(""))
    return known if known and is_right and known.is_valid(now) else None


def use_is_worth_noting(token: Token, now: datetime) -> bool:
    """Whether the last use on record is old enough to be written again."""
    return token.used_at is None or now - token.used_at >= USE_NOTED_EVERY


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
