"""Certificates for devices, each on record from the moment that it exists."""

from datetime import datetime

from sqlalchemy import Connection

from central.fleet import authority
from central.fleet.certificates import Revoked, certificate_pem, device_certificate
from central.fleet.gate import Gate
from central.store import identities
from central.store.identities import Certificate
from protocols.signing import PublicKey, public_text


def issue(conn: Connection, gate: Gate, device: str, key: PublicKey, now: datetime) -> str:
    """A certificate for a device on record, as PEM. Raises Refused, SecretError."""
    certificate = device_certificate(gate.authority.signer(), device, key, now, gate.certificates_last)
    issued = Certificate(
        serial=f"{certificate.serial_number:x}",
        device=device,
        public_key=public_text(key),
        issued_at=now,
        ends_at=certificate.not_valid_after_utc,
    )
    identities.add_certificate(conn, issued)
    return certificate_pem(certificate).decode()


def publish_revoked(conn: Connection, gate: Gate, now: datetime) -> None:
    """Write the list that the broker refuses by."""
    refused = [Revoked(int(one.serial, 16), one.revoked_at or now) for one in identities.revoked_certificates(conn, now)]
    authority.revoke(gate.authority, refused, now)
