"""A device asks for its next certificate by itself, once less than a third of its life is left.

It asks every hour until it has one: the answer is compared with its key and authority before it takes the old one's place.
"""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event as Flag

import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import DecodeError, json

from edge_agent.clock import DeviceClock
from edge_agent.errors import EdgeError, EnrolmentRefused
from edge_agent.link.papers import Papers, keep, trusting
from edge_agent.link.requests import Centre, place
from protocols.codec import encode, wire_time
from protocols.enrolment import PATH, SIGNATURE_HEADER, Renewal, Renewed
from protocols.signing import PrivateKey, sign

LOOK_EVERY_S = 3600.0

_log = structlog.get_logger()


@dataclass(frozen=True)
class Renewing:
    """One device's papers and where to renew them. shown: called when new ones lie there."""

    device: str
    url: str
    papers: Papers
    key: PrivateKey
    clock: DeviceClock
    shown: Callable[[], None]

    def run(self, stop: Flag) -> None:
        """Look every hour until `stop`."""
        while True:
            self.look()
            if stop.wait(LOOK_EVERY_S):
                return

    def look(self) -> bool:
        """Renew if it is time; whether a new certificate came. What goes wrong is logged, and tried again."""
        now = self.clock.now()
        try:
            if now.clock == "bad" or not self.papers.is_due(now.at):
                return False
            self._renew()
        except EdgeError as error:
            _log.warning("certificate_not_renewed", problem=str(error), remedy="tried again every hour; see doctor")
            return False
        _log.info("certificate_renewed", ends_at=self.papers.ends_at().isoformat())
        self.shown()
        return True

    def _renew(self) -> None:
        host, port, has_tls = place(self.url)
        authority = self.papers.authority.read_text(encoding="ascii")
        centre = Centre(host, port, trusting(authority) if has_tls else None)
        asked = encode(Renewal(device=self.device, asked_at=wire_time(self.clock.now().at)))
        renewed = _read(centre.post(f"{PATH}/renewal", asked, {SIGNATURE_HEADER: sign(self.key, asked)}))
        self._check(renewed.certificate, authority)
        keep(self.papers.certificate, renewed.certificate)

    def _check(self, pem: str, authority: str) -> None:
        try:
            certificate = x509.load_pem_x509_certificate(pem.encode())
            certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.encode()))
        except (ValueError, TypeError, InvalidSignature, x509.InvalidVersion) as error:
            raise EnrolmentRefused(f"the certificate that came is not of our authority: {error}") from error
        ours = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        if certificate.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw) != ours:
            raise EnrolmentRefused("the certificate that came is of another key")


def _read(said: bytes) -> Renewed:
    try:
        return json.decode(said, type=Renewed)
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EnrolmentRefused(f"the centre's answer cannot be read: {error}") from error
