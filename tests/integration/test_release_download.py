"""Archives are fetched over real HTTP: signed, resumed, limited."""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import msgspec
import pytest

from central.fleet import authority
from central.fleet.authority import Authority
from edge_agent.errors import FetchFailed, ReleaseRejected
from edge_agent.link.papers import house_context
from edge_agent.releases.download import Fetcher
from protocols import request_signing
from protocols.errors import BadSignature
from protocols.messages.model_release import ModelRelease
from protocols.signing import new_key
from tests.parts.bundles import archived, release_of, tiny

KEY = new_key()
DEVICE = "eye-01"


class Shelf:
    """What the server gives: `content`, of which it breaks off after `tear_after` bytes; it knows one device."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.tear_after: int | None = None
        self.ranges: list[str | None] = []
        self.url = ""

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """A server's class over this."""
        shelf = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                shelf.answer(self)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        return Handler

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """One GET."""
        try:
            claimed = request_signing.claim(request.headers["Authorization"])
            request_signing.check(claimed, KEY.public_key(), "GET", request.path)
            is_fresh = abs(claimed.at_s - datetime.now(UTC).timestamp()) < 300
        except BadSignature:
            is_fresh = False
        if not is_fresh:
            request.send_response(401)
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        asked = request.headers.get("Range")
        self.ranges.append(asked)
        found = re.fullmatch(r"bytes=(\d+)-", asked or "")
        part = self.content[int(found[1]) :] if found else self.content
        request.send_response(206 if found else 200)
        request.send_header("Content-Length", str(len(part)))
        request.end_headers()
        request.wfile.write(part[: self.tear_after])


@contextmanager
def served(content: bytes, house: Authority | None = None) -> Iterator[Shelf]:
    """A server on a free port; of a house with TLS it shows the certificate of the console."""
    shelf = Shelf(content)
    with ThreadingHTTPServer(("127.0.0.1", 0), shelf.handler()) as server:
        if house is not None:
            shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            shown.load_cert_chain(house.server_certificate_file, house.server_key_file)
            server.socket = shown.wrap_socket(server.socket, server_side=True)
        shelf.url = f"{'http' if house is None else 'https'}://127.0.0.1:{server.server_port}/api/v1/releases/x"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield shelf
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """A server of one archive, 200 kB."""
    tiny(tmp_path / "in", new_key(), "1.0", size_bytes=200_000)
    with served(archived(tmp_path / "in", tmp_path / "a.tar").read_bytes()) as server:
        yield server


@pytest.fixture
def release(tmp_path: Path, shelf: Shelf) -> ModelRelease:
    """As the twin names it."""
    manifest = tiny(tmp_path / "again", new_key(), "1.0", size_bytes=200_000)
    return release_of(tmp_path / "a.tar", manifest, shelf.url)


def fetcher(now: datetime | None = None, is_stopping: bool = False, house: Authority | None = None) -> Fetcher:
    """As the device, by a clock that may be wrong; it believes the authority of its house."""
    tls = None if house is None else house_context(house.certificate_file, knows_the_time=now is None)
    return Fetcher(DEVICE, KEY, lambda: now or datetime.now(UTC), lambda: is_stopping, tls)


def house_at(folder: Path, now: datetime | None = None) -> Authority:
    """A house's own authority, as `tallyhouse tls init` makes it."""
    held = Authority(folder)
    authority.init(held, (), now or datetime.now(UTC))
    return held


def test_an_archive_comes_whole(tmp_path: Path, shelf: Shelf, release: ModelRelease) -> None:
    """And is not fetched again when it lies there."""
    fetcher().fetch(release, tmp_path / "got")
    fetcher().fetch(release, tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == shelf.content
    assert shelf.ranges == [None]


def test_a_torn_download_goes_on_where_it_ended(tmp_path: Path, shelf: Shelf, release: ModelRelease) -> None:
    """Only what is missing is asked for."""
    shelf.tear_after = 70_000
    with pytest.raises(FetchFailed, match=r"tried again|goes on"):
        fetcher().fetch(release, tmp_path / "got")
    have = (tmp_path / "got").stat().st_size
    shelf.tear_after = None
    fetcher().fetch(release, tmp_path / "got")
    assert have > 0
    assert shelf.ranges == [None, f"bytes={have}-"]
    assert (tmp_path / "got").read_bytes() == shelf.content


def test_what_a_power_cut_spoilt_is_fetched_anew(tmp_path: Path, shelf: Shelf, release: ModelRelease) -> None:
    """A wrong hash after going on is no reason to refuse the release."""
    (tmp_path / "got").write_bytes(b"\0" * 50_000)
    with pytest.raises(FetchFailed, match="spoilt"):
        fetcher().fetch(release, tmp_path / "got")
    fetcher().fetch(release, tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == shelf.content


def test_other_bytes_than_announced_are_refused(tmp_path: Path, shelf: Shelf, release: ModelRelease) -> None:
    """The hash in the signed twin decides."""
    shelf.content = bytes(reversed(shelf.content))
    with pytest.raises(ReleaseRejected, match="hash"):
        fetcher().fetch(release, tmp_path / "got")
    assert not (tmp_path / "got").exists()


def test_more_bytes_than_announced_are_not_written(tmp_path: Path, shelf: Shelf, release: ModelRelease) -> None:
    """A card is not filled by a server that does not end."""
    shelf.content += b"x" * 500_000
    with pytest.raises(ReleaseRejected, match="more than it announced"):
        fetcher().fetch(release, tmp_path / "got")
    assert (tmp_path / "got").stat().st_size <= release.size_bytes


def test_a_clock_that_is_years_off_does_not_keep_a_device_from_its_models(
    tmp_path: Path, shelf: Shelf, release: ModelRelease
) -> None:
    """It asks again by the centre's clock."""
    fetcher(datetime.now(UTC) - timedelta(days=9000)).fetch(release, tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == shelf.content


def test_an_unknown_device_gets_nothing(tmp_path: Path, shelf: Shelf, release: ModelRelease) -> None:
    """Told with the answer of the centre."""
    stranger = Fetcher(DEVICE, new_key(), lambda: datetime.now(UTC), lambda: False)
    with pytest.raises(FetchFailed, match="401"):
        stranger.fetch(release, tmp_path / "got")


def test_a_centre_that_is_away_is_tried_again(tmp_path: Path, release: ModelRelease) -> None:
    """Nothing listens on that port."""
    away = msgspec.structs.replace(release, url="http://127.0.0.1:1/x")
    with pytest.raises(FetchFailed, match="tried again"):
        fetcher().fetch(away, tmp_path / "got")


def test_an_agent_that_stops_does_not_wait_for_the_end(tmp_path: Path, shelf: Shelf, release: ModelRelease) -> None:
    """What came stays for its next start."""
    with pytest.raises(FetchFailed, match="stops"):
        fetcher(is_stopping=True).fetch(release, tmp_path / "got")


def test_a_house_with_tls_is_believed_by_its_own_authority(tmp_path: Path, release: ModelRelease) -> None:
    """The console's certificate is of no authority that the world knows."""
    house = house_at(tmp_path / "tls")
    with served((tmp_path / "a.tar").read_bytes(), house) as shelf:
        fetcher(house=house).fetch(msgspec.structs.replace(release, url=shelf.url), tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == shelf.content


def test_a_device_that_does_not_know_the_time_fetches_over_tls_too(tmp_path: Path, release: ModelRelease) -> None:
    """To its clock without a battery the certificate is of years to come: all else of it is checked."""
    house = house_at(tmp_path / "tls", datetime.now(UTC) + timedelta(days=9000))
    with served((tmp_path / "a.tar").read_bytes(), house) as shelf:
        there = msgspec.structs.replace(release, url=shelf.url)
        with pytest.raises(FetchFailed, match="not yet valid"):
            fetcher(house=house).fetch(there, tmp_path / "got")
        fetcher(datetime(2001, 1, 1, tzinfo=UTC), house=house).fetch(there, tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == shelf.content


def test_whoever_stands_in_between_is_not_asked(tmp_path: Path, release: ModelRelease) -> None:
    """A certificate of another authority for the same address: nothing is said to it, nothing kept of it."""
    with served((tmp_path / "a.tar").read_bytes(), house_at(tmp_path / "other")) as shelf:
        with pytest.raises(FetchFailed, match="CERTIFICATE_VERIFY_FAILED"):
            fetcher(house=house_at(tmp_path / "tls")).fetch(
                msgspec.structs.replace(release, url=shelf.url), tmp_path / "got"
            )
        assert shelf.ranges == []
    assert not (tmp_path / "got").exists()
