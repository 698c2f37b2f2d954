"""Fetches an archive over HTTP(S): signed as this device, resumed where it was torn, never larger than was announced."""

import email.utils
import hashlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from edge_agent.errors import FetchFailed, ReleaseRejected
from protocols.messages.model_release import ModelRelease
from protocols.request_signing import authorization
from protocols.signing import PrivateKey

TIMEOUT_S = 30.0
BLOCK_BYTES = 1 << 16
UNAUTHORIZED, RANGE_UNUSABLE = 401, 416


@dataclass(frozen=True)
class Fetcher:
    """Fetches as one device. `now` is the device's clock, which may be wrong; `tls` checks the centre's certificate."""

    device: str
    key: PrivateKey
    now: Callable[[], datetime]
    is_stopping: Callable[[], bool]
    tls: ssl.SSLContext | None = None

    def fetch(self, release: ModelRelease, file: Path) -> None:
        """Make `file` the archive, going on from what lies there. Raises FetchFailed (try again), ReleaseRejected."""
        is_resumed = file.exists()
        try:
            self._complete(release, file)
        except (OSError, HTTPException, ValueError) as error:
            raise FetchFailed(f"{release.url}: {error or type(error).__name__}; tried again by itself") from error
        if (found := f"sha256:{_sha256(file)}") != release.sha256:
            file.unlink()
            if is_resumed:  # a power cut may have spoilt what lay there
                raise FetchFailed(f"{release.url}: what lay here of it was spoilt; fetched anew by itself")
            raise ReleaseRejected(
                f"{release.url}: its hash is {found[:19]}…, the twin says {release.sha256[:19]}…; add the release again"
            )

    def _complete(self, release: ModelRelease, file: Path) -> None:
        have = file.stat().st_size if file.exists() else 0
        if have > release.size_bytes:
            file.unlink()
            have = 0
        if have < release.size_bytes:
            self._go_on(release, file, have)

    def _go_on(self, release: ModelRelease, file: Path, have: int) -> None:
        place = urlsplit(release.url)
        connection = self._connection(place)
        try:
            answer = self._asked(connection, place, have)
            if answer.status == RANGE_UNUSABLE:
                file.unlink(missing_ok=True)
            if answer.status not in {200, 206}:
                raise FetchFailed(
                    f"{release.url}: the centre answers {answer.status} {answer.reason}; tried again by itself"
                )
            with file.open("ab" if answer.status == 206 else "wb") as out:
                self._copied(answer, out.write, release.size_bytes - (have if answer.status == 206 else 0))
        finally:
            connection.close()

    def _asked(self, connection: HTTPConnection, place: SplitResult, have: int) -> HTTPResponse:
        """The answer; asked again by the centre's clock when it does not believe ours."""
        answer = self._sent(connection, place, have, self.now())
        told = answer.headers.get("Date")
        if answer.status != UNAUTHORIZED or told is None:
            return answer
        answer.read(BLOCK_BYTES)
        connection.close()
        return self._sent(connection, place, have, email.utils.parsedate_to_datetime(told).astimezone(UTC))

    def _sent(self, connection: HTTPConnection, place: SplitResult, have: int, now: datetime) -> HTTPResponse:
        signed = authorization(self.device, self.key, "GET", place.path, now)
        headers = {"Authorization": signed} | ({"Range": f"bytes={have}-"} if have else {})
        connection.request("GET", place.path, headers=headers)
        return connection.getresponse()

    def _copied(self, answer: HTTPResponse, write: Callable[[bytes], object], most: int) -> None:
        left = most
        while block := answer.read(BLOCK_BYTES):
            left -= len(block)
            if left < 0:
                raise ReleaseRejected("the centre sends more than it announced; add the release again there")
            if self.is_stopping():
                raise FetchFailed("the agent stops; goes on at its next start")
            write(block)
        if left:
            raise FetchFailed(f"the connection ended {left} bytes early; goes on from there")

    def _connection(self, place: SplitResult) -> HTTPConnection:
        host = place.hostname or ""
        if place.scheme == "https":
            return HTTPSConnection(host, place.port, timeout=TIMEOUT_S, context=self.tls or ssl.create_default_context())
        return HTTPConnection(host, place.port, timeout=TIMEOUT_S)


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
