"""The files of the house's authority: its key (0600), its certificate, the servers' certificate and the revocation list."""

import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from central.errors import Refused
from central.fleet import certificates
from central.fleet.certificates import Revoked, Signer
from central.fleet.secret_files import write_secret
from protocols.enrolment import fingerprint_of

ALWAYS_NAMED = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Authority:
    """The folder of one house's authority."""

    path: Path

    @property
    def certificate_file(self) -> Path:
        """What devices and browsers trust."""
        return self.path / "authority.crt"

    @property
    def key_file(self) -> Path:
        """Whoever reads this can be every device: mode 0600, and in no backup that others can read."""
        return self.path / "authority.key"

    @property
    def server_certificate_file(self) -> Path:
        """Of the broker and the console."""
        return self.path / "server.crt"

    @property
    def server_key_file(self) -> Path:
        """Of the broker and the console."""
        return self.path / "server.key"

    @property
    def revocation_file(self) -> Path:
        """The certificates that the broker refuses."""
        return self.path / "revoked.crl"

    @property
    def exists(self) -> bool:
        """Whether `init` was run here."""
        return self.certificate_file.exists() and self.key_file.exists()

    def signer(self) -> Signer:
        """The authority itself. Raises Refused where there is none, SecretError where its files are damaged."""
        if not self.exists:
            raise Refused(f"{self.path} holds no authority; make one with: tallyhouse tls init")
        certificate = certificates.read_certificate(self.certificate_file.read_bytes())
        return Signer(certificate, certificates.read_key(self.key_file.read_bytes()))

    def fingerprint(self) -> str:
        """SHA-256 of the authority's certificate, what claims are pinned to. Raises Refused, SecretError."""
        return fingerprint_of(self.signer().certificate.public_bytes(Encoding.DER))

    def certificate_text(self) -> str:
        """The authority's certificate as PEM."""
        return self.certificate_file.read_text(encoding="ascii")


@dataclass(frozen=True)
class Standing:
    """How the certificates of a house stand; names: what the servers' one is good for."""

    fingerprint: str
    authority_ends_at: datetime
    server_ends_at: datetime
    server_is_due: bool
    names: list[str]


def init(authority: Authority, names: Sequence[str], now: datetime) -> bool:
    """Make whatever is missing, and a servers' certificate for names it lacks or when its end is near.

    Whether anything was made. Doing it again changes nothing.
    """
    made = not authority.exists
    if made:
        _write_signer(authority, certificates.new_authority(f"Tallyhouse {socket.gethostname()}", now))
    if not authority.revocation_file.exists():
        revoke(authority, (), now)
    if _server_is_due(authority, names, now):
        renew_server(authority, names, now)
        return True
    return made


def renew_server(authority: Authority, names: Sequence[str], now: datetime) -> None:
    """A new key and certificate for the broker and the console. Raises Refused, SecretError."""
    signer, key = authority.signer(), certificates.new_key()
    certificate = certificates.server_certificate(signer, key, _all_names(names), now)
    write_secret(authority.server_key_file, certificates.key_pem(key))
    write_secret(authority.server_certificate_file, certificates.certificate_pem(certificate))


def revoke(authority: Authority, revoked: Iterable[Revoked], now: datetime) -> None:
    """Write the list of revoked certificates; a running broker learns it by `broker.reload`."""
    write_secret(authority.revocation_file, certificates.revocation_list(authority.signer(), revoked, now))


def standing(authority: Authority, now: datetime) -> Standing:
    """How long the certificates are still good. Raises Refused, SecretError."""
    server = certificates.read_certificate(authority.server_certificate_file.read_bytes())
    return Standing(
        fingerprint=authority.fingerprint(),
        authority_ends_at=authority.signer().certificate.not_valid_after_utc,
        server_ends_at=server.not_valid_after_utc,
        server_is_due=certificates.is_due(server, now),
        names=certificates.alternatives(server),
    )


def _write_signer(authority: Authority, signer: Signer) -> None:
    write_secret(authority.key_file, certificates.key_pem(signer.key))
    write_secret(authority.certificate_file, certificates.certificate_pem(signer.certificate))


def _server_is_due(authority: Authority, names: Sequence[str], now: datetime) -> bool:
    if not (authority.server_certificate_file.exists() and authority.server_key_file.exists()):
        return True
    certificate = certificates.read_certificate(authority.server_certificate_file.read_bytes())
    return certificates.is_due(certificate, now) or not set(_all_names(names)) <= set(certificates.alternatives(certificate))


def _all_names(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys((*ALWAYS_NAMED, socket.gethostname(), *names)))
