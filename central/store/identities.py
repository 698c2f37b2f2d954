"""Claims, with which devices become known, and the certificates that were given out. Secrets are stored hashed."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from central.store.devices import devices
from central.store.metadata import metadata
from central.store.types import Instant

claims = Table(
    "claims",
    metadata,
    Column("number", String, primary_key=True),
    Column("secret_hash", String, nullable=False),  # SHA-256
    Column("device", String, nullable=False),
    Column("site", String, nullable=False),
    Column("label", String, nullable=False),
    Column("replaces", Boolean, nullable=False),
    Column("made_by", String, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("wrong_tries", Integer, nullable=False, default=0),
    Column("used_at", Instant),
    Column("withdrawn_at", Instant),
)

certificates = Table(
    "certificates",
    metadata,
    Column("serial", String, primary_key=True),  # hexadecimal digits
    Column("device", String, ForeignKey("devices.device"), nullable=False),
    Column("public_key", String, nullable=False),  # base64 of 32 bytes
    Column("issued_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Index("ix_certificates_device_ends_at", "device", "ends_at"),
)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Somebody's leave for one device to become known. replaces: the device is on record, and gets another key."""

    number: str
    secret_hash: str
    device: str
    site: str
    label: str
    replaces: bool
    made_by: str
    made_at: datetime
    expires_at: datetime
    wrong_tries: int = 0
    used_at: datetime | None = None
    withdrawn_at: datetime | None = None

    def is_open(self, now: datetime, most_wrong: int) -> bool:
        """Whether it can still be used."""
        is_settled = self.used_at is not None or self.withdrawn_at is not None
        return not is_settled and now < self.expires_at and self.wrong_tries < most_wrong


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """A certificate that was given to a device. `serial` in hexadecimal digits."""

    serial: str
    device: str
    public_key: str
    issued_at: datetime
    ends_at: datetime
    revoked_at: datetime | None = None


_CLAIM = [claims.c[name] for name in Claim.__dataclass_fields__]
_CERTIFICATE = [certificates.c[name] for name in Certificate.__dataclass_fields__]


def add_claim(conn: Connection, claim: Claim) -> None:
    """Keep a new claim."""
    conn.execute(insert(claims).values(asdict(claim)))


def claim(conn: Connection, number: str) -> Claim | None:
    """The claim of that number, settled ones too."""
    row = conn.execute(select(*_CLAIM).where(claims.c.number == number)).mappings().first()
    return None if row is None else Claim(**row)


def waiting_claims(conn: Connection, site: str, now: datetime, most_wrong: int) -> list[Claim]:
    """The claims of a site that can still be used, oldest first."""
    is_open = claims.c.used_at.is_(None) & claims.c.withdrawn_at.is_(None) & (claims.c.expires_at > now)
    mine = is_open & (claims.c.site == site) & (claims.c.wrong_tries < most_wrong)
    rows = conn.execute(select(*_CLAIM).where(mine).order_by(claims.c.made_at)).mappings()
    return [Claim(**row) for row in rows]


def note_wrong_try(conn: Connection, number: str) -> None:
    """Somebody said a wrong secret for this claim."""
    conn.execute(update(claims).where(claims.c.number == number).values(wrong_tries=claims.c.wrong_tries + 1))


def use_claim(conn: Connection, number: str, now: datetime) -> bool:
    """Settle a claim; False when it was used or withdrawn meanwhile."""
    is_unused = (claims.c.number == number) & claims.c.used_at.is_(None) & claims.c.withdrawn_at.is_(None)
    return conn.execute(update(claims).where(is_unused).values(used_at=now)).rowcount == 1


def withdraw_claims(conn: Connection, device: str, now: datetime) -> int:
    """Let nobody use the claims of a device; how many could have been."""
    is_unused = (claims.c.device == device) & claims.c.used_at.is_(None) & claims.c.withdrawn_at.is_(None)
    return conn.execute(update(claims).where(is_unused & (claims.c.expires_at > now)).values(withdrawn_at=now)).rowcount


def forget_claims(conn: Connection, before: datetime, most: int) -> int:
    """Remove the oldest that ended before then, used or not; how many."""
    old = select(claims.c.number).where(claims.c.expires_at < before).order_by(claims.c.expires_at).limit(most)
    return conn.execute(delete(claims).where(claims.c.number.in_(old))).rowcount


def add_certificate(conn: Connection, certificate: Certificate) -> None:
    """Keep what was given out."""
    conn.execute(insert(certificates).values(asdict(certificate)))


def revoke_certificates(conn: Connection, device: str, now: datetime) -> int:
    """Every certificate of a device is worth nothing from now on; how many were worth something."""
    is_good = (certificates.c.device == device) & certificates.c.revoked_at.is_(None)
    return conn.execute(update(certificates).where(is_good).values(revoked_at=now)).rowcount


def revoked_certificates(conn: Connection, now: datetime) -> list[Certificate]:
    """The revoked ones that have not ended by themselves."""
    are_refused = certificates.c.revoked_at.is_not(None) & (certificates.c.ends_at > now)
    rows = conn.execute(select(*_CERTIFICATE).where(are_refused).order_by(certificates.c.revoked_at)).mappings()
    return [Certificate(**row) for row in rows]


def newest_certificate(conn: Connection, device: str) -> Certificate | None:
    """The last one that was given to a device and not revoked."""
    is_good = (certificates.c.device == device) & certificates.c.revoked_at.is_(None)
    newest = select(*_CERTIFICATE).where(is_good).order_by(certificates.c.ends_at.desc()).limit(1)
    row = conn.execute(newest).mappings().first()
    return None if row is None else Certificate(**row)


def forget_certificates(conn: Connection, before: datetime, most: int) -> int:
    """Remove the oldest that ended before then, but the last one of each device; how many."""
    c, later = certificates.c, certificates.alias()
    is_followed = exists().where(later.c.device == c.device, later.c.ends_at > c.ends_at)
    old = select(c.serial).where(c.ends_at < before, is_followed).order_by(c.ends_at).limit(most)
    return conn.execute(delete(certificates).where(c.serial.in_(old))).rowcount


def ends(conn: Connection) -> dict[str, datetime]:
    """When the last good certificate of each device ends; a device that signs in with a password has none."""
    is_good = certificates.c.revoked_at.is_(None)
    rows = select(certificates.c.device, func.max(certificates.c.ends_at)).where(is_good).group_by(certificates.c.device)
    return {device: ends_at for device, ends_at in conn.execute(rows)}  # noqa: C416 (a row is no pair to the type checker)


def give_key(conn: Connection, device: str, public_key: str) -> None:
    """The device on record has another key from now on, and may speak."""
    conn.execute(update(devices).where(devices.c.device == device).values(public_key=public_key, revoked_at=None))


def revoke_device(conn: Connection, device: str, now: datetime) -> bool:
    """The device may no longer speak; False when it already might not, or there is none."""
    may_speak = (devices.c.device == device) & devices.c.revoked_at.is_(None)
    return conn.execute(update(devices).where(may_speak).values(revoked_at=now, online=False)).rowcount == 1
