"""The one REST call of a till: `POST /api/v1/movements`, and what its answer means for the lines sent."""

import http.client
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

import msgspec

from firmware_sim.errors import BadOption

PATH = "/api/v1/movements"
TIMEOUT_S = 5.0
# Sending the same again would be refused again. Missing rights (401, 403) are not: someone may still grant them.
REFUSED_FOR_GOOD = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)


@dataclass(frozen=True)
class Api:
    """Where the centre's API is and the bearer token that opens it. Raises BadOption."""

    base_url: str
    token: str

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise BadOption(f"--api-url {self.base_url!r} is no http address; write it like http://127.0.0.1:8400")
        if not self.token.isascii() or not self.token.isprintable() or not self.token:
            raise BadOption("--api-token-file holds no token on its first line; `tallyhouse up` writes the till's")


class Line(msgspec.Struct, frozen=True):
    """One movement as the API takes it. quantity: units, below zero when they left; occurred_at: RFC 3339."""

    id: str
    kind: str
    sku: str
    location: str
    quantity: int
    occurred_at: str


class Booked(msgspec.Struct, frozen=True):
    """The centre has the lines; some may be ones it had already."""

    accepted: int
    duplicates: int


@dataclass(frozen=True)
class Refused:
    """The centre will never take these lines."""

    why: str


@dataclass(frozen=True)
class Away:
    """The centre is not there, or not able: the same lines may be sent again."""

    why: str


def post(api: Api, lines: list[Line]) -> Booked | Refused | Away:
    """Send the lines once; never raises for what the network or the centre does."""
    try:
        status, body = _exchange(api, msgspec.json.encode({"movements": lines}))
    except (OSError, http.client.HTTPException) as error:
        return Away(f"{api.base_url}: {error or type(error).__name__}")
    if 200 <= status < 300:
        return _booked(body)
    why = f"{api.base_url}{PATH} answered {status}: {body[:300].decode(errors='replace')}"
    return Refused(why) if status in REFUSED_FOR_GOOD else Away(why)


def _booked(body: bytes) -> Booked | Away:
    try:
        return msgspec.json.decode(body, type=Booked)
    except msgspec.DecodeError as error:
        return Away(f"answer is not the contract's: {error}")


def _exchange(api: Api, body: bytes) -> tuple[int, bytes]:
    parts = urlsplit(api.base_url)
    connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = connect(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    headers = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"}
    try:
        connection.request("POST", parts.path.rstrip("/") + PATH, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
