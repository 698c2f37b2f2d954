"""The papers of a device: its certificate, the key that it is of (which signs the batches too) and whom it believes.

All are files of mode 0600 beside agent.toml, each replaced as a whole or not at all.
"""

import os
import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from edge_agent.errors import ConfigError

RENEWED_WITH_LEFT = 1 / 3  # of its life
NO_CHECK_TIME = ssl.VerifyFlags(0x200000)  # X509_V_FLAG_NO_CHECK_TIME (OpenSSL 1.1)


@dataclass(frozen=True)
class Papers:
    """Where the files are."""

    key: Path
    certificate: Path
    authority: Path

    def held(self) -> x509.Certificate:
        """The device's certificate. Raises ConfigError."""
        try:
            return x509.load_pem_x509_certificate(self.certificate.read_bytes())
        except (OSError, ValueError, x509.InvalidVersion) as error:
            raise ConfigError(f"certificate_file {self.certificate}: {error}; claim this device again") from error

    def ends_at(self) -> datetime:
        """When the certificate ends. Raises ConfigError."""
        return self.held().not_valid_after_utc

    def is_due(self, now: datetime) -> bool:
        """Whether less than a third of the certificate's life is left. Raises ConfigError."""
        held = self.held()
        lasts = held.not_valid_after_utc - held.not_valid_before_utc
        return held.not_valid_after_utc - now < lasts * RENEWED_WITH_LEFT

    def show(self, context: ssl.SSLContext) -> None:
        """Show this certificate at the next connection that `context` makes. Raises ConfigError."""
        try:
            context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"certificate_file {self.certificate} with key_file {self.key}: {error}") from error


def context_of(papers: Papers, *, knows_the_time: bool) -> ssl.SSLContext:
    """TLS with the house's broker, which wants to see our papers. Raises ConfigError."""
    context = house_context(papers.authority, knows_the_time=knows_the_time)
    papers.show(context)
    return context


def house_context(authority: Path, *, knows_the_time: bool) -> ssl.SSLContext:
    """TLS with servers whose certificate this authority signed, for the name that we call. Raises ConfigError.

    A device that does not know the time cannot tell whether a certificate has ended: it checks all else.
    """
    try:
        context = trusting(authority.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"authority_file {authority}: {error}; claim this device again") from error
    if not knows_the_time:
        context.verify_flags |= NO_CHECK_TIME
    return context


def trusting(authority: str) -> ssl.SSLContext:
    """TLS with whoever this authority (PEM) vouches for, and nobody else. Raises ValueError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks certificate and host name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(cadata=authority)
    except ssl.SSLError as error:
        raise ValueError(f"no certificate in PEM form: {error}") from error
    return context


def keep(file: Path, content: str) -> None:
    """Replace `file`, readable by its owner only; a power cut leaves the old or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = file.with_name(f".{file.name}.new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
