"""Leave for one device to become known: a code that works once, for ten minutes, and is void after five wrong tries.

Only its SHA-256 is stored: 60 random bits that live ten minutes need no slow hash. Wrong, used, ended and unknown codes
are refused alike. How often anybody may try is the door's matter (`central/api/enrolment.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest

from sqlalchemy import Connection

from central.errors import DeviceError
from central.fleet.enrolment import refuse_name
from central.fleet.gate import Gate
from central.store import audit, changes, devices, identities
from central.store.identities import Claim
from protocols.enrolment import ClaimCode, code_from

LASTS = timedelta(minutes=10)
MOST_WRONG = 5
ENTROPY_BYTES = 10


@dataclass(frozen=True)
class Wish:
    """The device to be. replaces: it is on record, lost its key, and gets another."""

    device: str
    site: str
    label: str
    replaces: bool = False


@dataclass(frozen=True)
class Made:
    """A fresh claim: its code is shown now and never again."""

    claim: Claim
    code: ClaimCode
    link: str


def make(conn: Connection, gate: Gate, wish: Wish, who: str, now: datetime, entropy: Callable[[int], bytes]) -> Made:
    """A claim for a device, in place of any it had. Raises DeviceError, Refused."""
    gate.require_tls()
    _refuse(conn, wish)
    code = code_from(entropy(ENTROPY_BYTES), gate.authority.fingerprint())
    while identities.claim(conn, code.number):  # one in a million
        code = code_from(entropy(ENTROPY_BYTES), gate.authority.fingerprint())
    claim = Claim(
        number=code.number,
        secret_hash=_hash(code.secret),
        device=wish.device,
        site=wish.site,
        label=wish.label,
        replaces=wish.replaces,
        made_by=who,
        made_at=now,
        expires_at=now + LASTS,
    )
    identities.withdraw_claims(conn, wish.device, now)
    identities.add_claim(conn, claim)
    audit.record(conn, audit.Deed(who=who, action="device.claimed", thing=f"device/{wish.device}"), now)
    changes.log(conn, wish.site, "device", wish.device, now)
    return Made(claim, code, f"{gate.url}/enrol#{code}")


def use(conn: Connection, number: str, secret: str, now: datetime) -> Claim | None:
    """The claim of this code, settled by it; None when it is not good, which counts as a wrong try."""
    known = identities.claim(conn, number)
    is_right = compare_digest(_hash(secret), known.secret_hash if known else _hash(""))
    if known is None or not known.is_open(now, MOST_WRONG):
        return None
    if not is_right:
        identities.note_wrong_try(conn, number)
        return None
    return known if identities.use_claim(conn, number, now) else None


def withdraw(conn: Connection, device: str, site: str, who: str, now: datetime) -> bool:
    """Let nobody use the claim of a device; False when it had none."""
    if not identities.withdraw_claims(conn, device, now):
        return False
    audit.record(conn, audit.Deed(who=who, action="device.claim_withdrawn", thing=f"device/{device}"), now)
    changes.log(conn, site, "device", device, now)
    return True


def waiting(conn: Connection, site: str, now: datetime) -> list[Claim]:
    """The claims of a site that can still be used."""
    return identities.waiting_claims(conn, site, now, MOST_WRONG)


def _refuse(conn: Connection, wish: Wish) -> None:
    known = devices.get(conn, wish.device)
    if not wish.replaces:
        refuse_name(conn, wish.device, wish.site)
    elif known is None:
        raise DeviceError(f"there is no device {wish.device} whose key could be replaced; leave --replace out")
    elif known.site != wish.site:
        raise DeviceError(f"device {wish.device} belongs to site {known.site}; claim it with --site {known.site}")


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
