"""Devices elsewhere become known by a claim, and get their next certificate by the key that they have."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from central.errors import Refused
from central.fleet import claims, issuing
from central.fleet.agent_file import WITH_CERTIFICATE, Duties, agent_text
from central.fleet.certificates import requested_key
from central.fleet.gate import Gate
from central.store import audit, changes, devices, identities
from central.store.devices import Device
from central.store.identities import Claim
from protocols import codec
from protocols.enrolment import Admitted, Applicant, Renewal, Renewed
from protocols.signing import PublicKey, public_key, public_text, verify

AGAIN_AFTER = timedelta(hours=1)


def admit(conn: Connection, gate: Gate, applicant: Applicant, now: datetime) -> Admitted | None:
    """Put the device of a claim on record with the key that it made; None when its code is not good.

    A request that cannot be read leaves the claim as it was. Raises BadSignature, Refused.
    """
    key = requested_key(applicant.request)
    _refuse_known(conn, key)
    claim = claims.use(conn, applicant.number, applicant.secret, now)
    if claim is None:
        return None
    _put_on_record(conn, claim, public_text(key), now)
    certificate = issuing.issue(conn, gate, claim.device, key, now)
    if claim.replaces:
        issuing.publish_revoked(conn, gate, now)
    deed = audit.Deed(who=claim.made_by, action="device.enrolled", thing=f"device/{claim.device}", after=public_text(key))
    audit.record(conn, deed, now)
    changes.log(conn, claim.site, "device", claim.device, now)
    text = agent_text(site=claim.site, device=claim.device, centre=gate.centre(), duties=Duties(), papers=WITH_CERTIFICATE)
    return Admitted(
        device=claim.device,
        site=claim.site,
        certificate=certificate,
        authority=gate.authority.certificate_text(),
        agent_toml=text,
    )


def renew(conn: Connection, gate: Gate, asked: bytes, signature: str | None, now: datetime) -> Renewed:
    """The next certificate of a device that holds a good one, for the same key. Raises Refused, ProtocolError.

    An old request that somebody sends again gets, once an hour at most, a certificate that only the key's owner can use.
    """
    renewal = codec.decode(asked, Renewal)
    known = devices.get(conn, renewal.device)
    held = identities.newest_certificate(conn, renewal.device)
    if known is None or known.revoked_at is not None or held is None or held.ends_at <= now:
        raise Refused(f"{renewal.device} holds no certificate that could be renewed; claim it again")
    verify(public_key(known.public_key), asked, signature)
    if now - held.issued_at < AGAIN_AFTER:
        raise Refused(f"the certificate of {renewal.device} was renewed within the hour; ask again later")
    certificate = issuing.issue(conn, gate, renewal.device, public_key(known.public_key), now)
    changes.log(conn, known.site, "device", renewal.device, now)
    return Renewed(certificate=certificate, authority=gate.authority.certificate_text())


def _refuse_known(conn: Connection, key: PublicKey) -> None:
    text = public_text(key)
    if any(device.public_key == text for device in devices.identities(conn)):
        raise Refused("this key is on record already; a device makes its own: run enrol with --replace")


def _put_on_record(conn: Connection, claim: Claim, key: str, now: datetime) -> None:
    known = devices.get(conn, claim.device)
    if known is None:
        devices.add(conn, Device(claim.device, claim.site, claim.label, key, now))
    elif claim.replaces:
        identities.revoke_certificates(conn, claim.device, now)
        identities.give_key(conn, claim.device, key)
    else:
        raise Refused(f"device {claim.device} became known meanwhile; claim another name")
