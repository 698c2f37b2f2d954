"""The till against a real HTTP server, and the rough link against a real TCP one."""

import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from time import monotonic

import pytest

from firmware_sim.devices.rough_link import RoughLink
from firmware_sim.devices.till import Till
from firmware_sim.devices.till_api import Api, Away, Booked, Line, Refused, post
from firmware_sim.errors import BadOption
from firmware_sim.world.trade import Movement
from tests.parts.ports import eventually, free_port

TOKEN = "secret"
AT = datetime(2026, 11, 24, 8, 10, 40, 1_000, tzinfo=UTC)
SALE = Movement(12.0, "sale", "oat-milk-1l", "b-04", -2, is_booked=True)
LINE = Line("0192", "sale", "oat-milk-1l", "b-04", -2, "2026-11-24T08:10:40.001Z")


class Centre(HTTPServer):
    """A small centre that keeps movements by id, as the contract says. `answers` overrides the next status codes."""

    def __init__(self, address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        super().__init__(address, _MovementsHandler)
        self.booked: dict[str, dict[str, object]] = {}
        self.answers: list[int] = []
        self.requests = 0
        self.loses_answers = 0


class _MovementsHandler(BaseHTTPRequestHandler):
    server: Centre

    def do_POST(self) -> None:
        self.server.requests += 1
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = self.server.answers.pop(0) if self.server.answers else 200
        if self.path != "/api/v1/movements" or self.headers["Authorization"] != f"Bearer {TOKEN}":
            status = 401
        if any(line["sku"] == "unheard-of" for line in body["movements"]):
            status = 422
        new = [line for line in body["movements"] if line["id"] not in self.server.booked]
        if status == 200:
            self.server.booked |= {line["id"]: line for line in new}
        if self.server.loses_answers:
            self.server.loses_answers -= 1
            self.close_connection = True
            return
        counts = {"accepted": len(new), "duplicates": len(body["movements"]) - len(new)}
        answer = json.dumps(counts if status == 200 else {"title": "no"}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def centre() -> Iterator[Centre]:
    """A running centre."""
    with Centre() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def api_of(centre: Centre, token: str = TOKEN) -> Api:
    """How the till reaches it."""
    return Api(f"http://127.0.0.1:{centre.server_address[1]}", token)


def test_a_sale_is_booked_as_the_contract_says(centre: Centre) -> None:
    """Kind, SKU, location, a quantity below zero, and a time in UTC with milliseconds and Z."""
    with Till(api_of(centre)) as till:
        till.book(SALE, AT)
        eventually(lambda: till.counts.accepted == 1, what="the booking")
    (line,) = centre.booked.values()
    assert line | {"id": "0192"} == {
        "id": "0192",
        "kind": "sale",
        "sku": "oat-milk-1l",
        "location": "b-04",
        "quantity": -2,
        "occurred_at": "2026-11-24T08:10:40.001Z",
    }


def test_an_answer_that_gets_lost_books_nothing_twice(centre: Centre) -> None:
    """The till tries again with the same ids; the centre counts them as duplicates."""
    centre.loses_answers = 1
    with Till(api_of(centre)) as till:
        for _ in range(3):
            till.book(SALE, AT)
        eventually(lambda: till.counts.accepted + till.counts.duplicates == 3, what="three bookings")
        assert till.counts.duplicates >= 1
    assert len(centre.booked) == 3


def test_sales_wait_while_the_centre_is_away(centre: Centre) -> None:
    """What was sold while the centre answered 503 or refused the token is booked afterwards, in order."""
    centre.answers = [503, 401]
    with Till(api_of(centre)) as till:
        for location in ("a-01", "a-02", "a-03"):
            till.book(Movement(1.0, "sale", "honey-350g", location, -1, is_booked=True), AT)
        eventually(lambda: till.counts.accepted == 3, what="three bookings")
    assert [line["location"] for line in centre.booked.values()] == ["a-01", "a-02", "a-03"]
    assert centre.requests >= 3


def test_a_till_without_a_centre_still_closes() -> None:
    """Nothing listens: the till keeps trying and closes at once when told to."""
    with Till(Api(f"http://127.0.0.1:{free_port()}", TOKEN)) as till:
        till.book(SALE, AT)
        began_s = monotonic()
    assert monotonic() - began_s < 2
    assert till.counts.accepted == 0


def test_the_last_sale_of_the_day_is_booked(centre: Centre) -> None:
    """Closing right after a sale still books it."""
    with Till(api_of(centre)) as till:
        till.book(SALE, AT)
    assert till.counts.accepted == 1


def test_what_is_refused_for_good_does_not_stop_the_rest(centre: Centre) -> None:
    """A batch the centre finds wrong is counted and dropped; the next one is booked."""
    centre.answers = [422]
    with Till(api_of(centre)) as till:
        till.book(SALE, AT)
        eventually(lambda: till.counts.refused == 1, what="the refusal")
        till.book(SALE, AT)
        eventually(lambda: till.counts.accepted == 1, what="the booking")


def test_one_wrong_movement_costs_only_itself(centre: Centre) -> None:
    """A batch that is refused is offered line by line: the wrong one is dropped, its neighbours are booked."""
    centre.answers = [503]
    with Till(api_of(centre)) as till:
        for sku in ("honey-350g", "unheard-of", "pasta-500g"):
            till.book(Movement(1.0, "sale", sku, "a-01", -1, is_booked=True), AT)
        eventually(lambda: till.counts.accepted == 2, what="two bookings")
    assert till.counts.refused == 1
    assert [line["sku"] for line in centre.booked.values()] == ["honey-350g", "pasta-500g"]


def test_post_tells_booked_refused_and_away_apart(centre: Centre) -> None:
    """200 is booked, a wrong request is refused for good, a missing right or a broken centre may be tried again."""
    centre.answers = [200, 200, 400, 500]
    assert post(api_of(centre), [LINE]) == Booked(accepted=1, duplicates=0)
    assert post(api_of(centre), [LINE]) == Booked(accepted=0, duplicates=1)
    assert isinstance(post(api_of(centre), [LINE]), Refused)
    assert isinstance(post(api_of(centre), [LINE]), Away)
    assert isinstance(post(api_of(centre, token="other"), [LINE]), Away)


@pytest.mark.parametrize(
    ("url", "token"), [("127.0.0.1:8400", "x"), ("ftp://x", "x"), ("http://x", ""), ("http://x", "a\nb")]
)
def test_an_unusable_api_is_refused_at_once(url: str, token: str) -> None:
    """Wrong addresses and empty tokens are the operator's to correct, not the network's."""
    with pytest.raises(BadOption, match="--api"):
        Api(url, token)


@pytest.fixture
def echo() -> Iterator[tuple[str, int]]:
    """A TCP server that sends back what it gets, one connection after the other."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_echo, args=(listener,))
        thread.start()
        yield listener.getsockname()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _echo(listener: socket.socket) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            while chunk := connection.recv(1024):
                connection.sendall(chunk)


def test_a_rough_link_carries_delays_and_cuts(echo: tuple[str, int]) -> None:
    """Bytes pass unchanged, later when delayed, and not at all once cut."""
    with RoughLink(echo) as link, socket.create_connection((link.host, link.port), timeout=5) as client:
        client.sendall(b"hello")
        assert client.recv(100) == b"hello"
        link.delay_s = 0.1
        began_s = monotonic()
        client.sendall(b"late")
        assert client.recv(100) == b"late"
        assert monotonic() - began_s >= 0.2
        link.cut()
        assert client.recv(100) == b""


def test_a_link_that_is_down_refuses_until_it_is_up(echo: tuple[str, int]) -> None:
    """Down, a client is cut off at once; up again, a new client is served."""
    with RoughLink(echo) as link:
        link.take_down()
        with socket.create_connection((link.host, link.port), timeout=5) as client:
            assert client.recv(100) == b""
        link.bring_up()
        with socket.create_connection((link.host, link.port), timeout=5) as client:
            client.sendall(b"back")
            assert client.recv(100) == b"back"


def test_a_stalled_link_stays_open_and_says_nothing(echo: tuple[str, int]) -> None:
    """The worst kind of outage: no error, no bytes."""
    with RoughLink(echo) as link, socket.create_connection((link.host, link.port), timeout=0.3) as client:
        link.is_stalled = True
        client.sendall(b"anyone?")
        with pytest.raises(TimeoutError):
            client.recv(100)
