"""Asking the centre over HTTPS, where MQTT cannot help yet: before a device is known, and when its papers are renewed."""

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from msgspec import DecodeError, json

from edge_agent.errors import EnrolmentRefused

TIMEOUT_S = 20.0
MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class Centre:
    """Where the console of the centre is. context: whom we believe; None for plain HTTP on this machine."""

    host: str
    port: int
    context: ssl.SSLContext | None = field(default=None, repr=False)

    def get(self, path: str) -> bytes:
        """What stands there. Raises EnrolmentRefused."""
        return self._asked("GET", path, None, {})

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """The answer to a JSON body. Raises EnrolmentRefused."""
        return self._asked("POST", path, body, {"Content-Type": "application/json", **headers})

    def _asked(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> bytes:
        where = f"{self.host}:{self.port}"
        wire = self._wire()
        try:
            wire.request(method, path, body, dict(headers))
            answer = wire.getresponse()
            said = answer.read(MOST_BYTES)
        except ssl.SSLCertVerificationError as error:
            raise EnrolmentRefused(
                f"{where} is not the centre of this claim: {error.verify_message}; somebody may stand in between"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise EnrolmentRefused(f"{where}: {error}; is the console up, and the address right?") from error
        finally:
            wire.close()
        if answer.status != http.HTTPStatus.OK:
            raise EnrolmentRefused(f"{where} answers {answer.status}: {_detail(said)}")
        return said

    def _wire(self) -> http.client.HTTPConnection:
        if self.context is None:
            return http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_S)
        return http.client.HTTPSConnection(self.host, self.port, timeout=TIMEOUT_S, context=self.context)


def place(url: str) -> tuple[str, int, bool]:
    """Host, port and whether TLS is spoken. Plain HTTP goes to this machine only. Raises EnrolmentRefused."""
    parts = urlsplit(url)
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise EnrolmentRefused(f"{url}: {error}") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise EnrolmentRefused(f"{url!r} is no address of a centre, as in https://192.168.1.5:8400")
    if parts.scheme == "http" and not _is_this_machine(host):
        raise EnrolmentRefused(f"{url}: over plain HTTP everybody could read along; ask for https, see [console] tls")
    return host, port or (443 if parts.scheme == "https" else 80), parts.scheme == "https"


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _detail(said: bytes) -> str:
    try:
        return str(json.decode(said, type=dict[str, object]).get("detail", "no reason"))
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return said[:120].decode("utf-8", "replace")
