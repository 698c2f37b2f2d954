"""A device makes itself known: its key is made here and never leaves; a claim code brings its certificate.

The code's pin names the one authority that may answer. The authority's certificate is asked for first, over a connection
that nothing vouches for yet, and compared; everything after that, the secret of the code included, goes over a connection
that this authority vouches for. Over plain HTTP, which goes to this machine only, the answer is compared in the same way.
"""

import ssl
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from msgspec import DecodeError, json

from edge_agent.errors import EnrolmentRefused
from edge_agent.link.papers import Papers, keep, trusting
from edge_agent.link.requests import Centre, place
from protocols.enrolment import (
    PATH,
    Admitted,
    Applicant,
    ClaimCode,
    fingerprint_of,
    pin_of,
    read_code,
    read_fingerprint,
)
from protocols.errors import BadClaim
from protocols.signing import PrivateKey, new_key, private_pem

AGENT_FILE = "agent.toml"


@dataclass(frozen=True)
class Claimed:
    """Where the centre is and what it gave out. fingerprint: of its authority, where somebody compared all of it."""

    server: str
    code: ClaimCode
    fingerprint: str | None = None

    @classmethod
    def read(cls, server: str, code: str | None, fingerprint: str | None) -> Self:
        """As people type it; `server` may be the whole link, which ends with the code. Raises EnrolmentRefused."""
        parts = urlsplit(server)
        typed = code or parts.fragment
        if not typed:
            raise EnrolmentRefused("a claim code is missing: give --code, or the whole link of the claim as --server")
        try:
            full = None if fingerprint is None else read_fingerprint(fingerprint)
            return cls(f"{parts.scheme}://{parts.netloc}", read_code(typed), full)
        except BadClaim as error:
            raise EnrolmentRefused(str(error)) from error


def papers_in(folder: Path) -> Papers:
    """The files of an identity in `folder`, there or not."""
    return Papers(folder / "device.key", folder / "device.crt", folder / "authority.crt")


def enrol(claimed: Claimed, folder: Path, *, replaces: bool) -> Admitted:
    """Make a key, get its certificate, write both with agent.toml into `folder`. Raises EnrolmentRefused.

    Nothing is written unless the centre admits us. replaces: another identity lies there, and is given up.
    """
    papers, agent_file = papers_in(folder), folder / AGENT_FILE
    if not replaces and (there := next((file for file in (papers.key, agent_file) if file.exists()), None)):
        raise EnrolmentRefused(f"{there} holds an identity already; --replace gives it up, --out takes another folder")
    centre, authority = _centre_of(claimed)
    key = new_key()
    applicant = Applicant(number=claimed.code.number, secret=claimed.code.secret, request=request_of(key))
    admitted = _read(centre.post(PATH, json.encode(applicant), {}))
    _check(admitted, key, authority)
    keep(papers.key, private_pem(key).decode())
    keep(papers.certificate, admitted.certificate)
    keep(papers.authority, admitted.authority)
    keep(agent_file, admitted.agent_toml)
    return admitted


def request_of(key: PrivateKey) -> str:
    """A certificate request (PEM): proves that we hold the key. The name comes from the claim."""
    built = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "device")])
    )
    return built.sign(key, None).public_bytes(Encoding.PEM).decode()


def _centre_of(claimed: Claimed) -> tuple[Centre, str]:
    """The centre over a connection that is vouched for, and the authority (PEM) that the claim names."""
    host, port, has_tls = place(claimed.server)
    centre = Centre(host, port, _believing_anybody() if has_tls else None)
    authority = _authority(centre.get(f"{PATH}/authority"))
    found = _fingerprint(authority)
    if pin_of(found) != claimed.code.pin or claimed.fingerprint not in {None, found}:
        raise EnrolmentRefused(
            f"{claimed.server} shows another authority than the claim names: somebody may stand in between, "
            "or the claim is of another house; the code was not sent"
        )
    return (replace(centre, context=trusting(authority)) if has_tls else centre), authority


def _believing_anybody() -> ssl.SSLContext:
    """For the one question whose answer is compared with the pin: nothing secret is said over it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _authority(said: bytes) -> str:
    try:
        return json.decode(said, type=dict[str, str])["authority"]
    except (DecodeError, UnicodeDecodeError, RecursionError, KeyError) as error:
        raise EnrolmentRefused(f"this is no centre of ours: {error}") from error


def _fingerprint(pem: str) -> str:
    try:
        return fingerprint_of(x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER))
    except (ValueError, x509.InvalidVersion) as error:
        raise EnrolmentRefused(f"the centre shows no authority: {error}") from error


def _read(said: bytes) -> Admitted:
    try:
        return json.decode(said, type=Admitted)
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EnrolmentRefused(f"the centre's answer cannot be read: {error}; is it of the same version?") from error


def _check(admitted: Admitted, key: PrivateKey, authority: str) -> None:
    """What we were given is of our key and of the authority of the claim."""
    try:
        certificate = x509.load_pem_x509_certificate(admitted.certificate.encode())
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.encode()))
    except Exception as error:
        raise EnrolmentRefused(f"the certificate that came is not of the claim's authority: {error}") from error
    ours = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    if certificate.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw) != ours:
        raise EnrolmentRefused("the certificate that came is of another key; make another claim")
    if _fingerprint(admitted.authority) != _fingerprint(authority):
        raise EnrolmentRefused("the authority that came is not the claim's; make another claim")
