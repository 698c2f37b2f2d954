"""A TCP link that misbehaves on demand: between a client and a server it delays, stalls, cuts and refuses.

Clients connect to `port` instead of the server's. A thread carries each direction of each connection.
"""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from firmware_sim.errors import PortTaken

CHUNK_BYTES = 65_536
POLL_S = 0.2
Pair = tuple[socket.socket, socket.socket]


class RoughLink:
    """A proxy to one server; `with` opens and closes it. Raises PortTaken.

    delay_s holds back each chunk; `is_stalled` swallows what is sent while connections stay open, as a dead radio does.
    """

    def __init__(self, target: tuple[str, int], host: str = "127.0.0.1", port: int = 0) -> None:
        self.delay_s = 0.0
        self.is_stalled = False
        self._target = target
        self._is_down = False
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._pairs: list[Pair] = []
        self._threads: list[threading.Thread] = []
        try:
            self._listener = socket.create_server((host, port))
        except OSError as error:
            raise PortTaken("rough link", host, port, "port") from error
        self._listener.settimeout(POLL_S)
        self.host, self.port = host, int(self._listener.getsockname()[1])

    def __enter__(self) -> "RoughLink":
        self._carry(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self.cut()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def cut(self) -> None:
        """Break every connection there is; new ones are accepted unless the link is down."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            _break(pair)

    def take_down(self) -> None:
        """Break every connection and every new one at once, until `bring_up`."""
        self._is_down = True
        self.cut()

    def bring_up(self) -> None:
        """Carry connections again."""
        self._is_down = False

    def _accept(self) -> None:
        while not self._stopped.is_set():
            with suppress(TimeoutError):
                client, _ = self._listener.accept()
                self._join(client)

    def _join(self, client: socket.socket) -> None:
        """Connect a new client through, or break it if the link is down or the server away."""
        try:
            if self._is_down:
                raise ConnectionRefusedError
            server = socket.create_connection(self._target, timeout=5.0)
        except OSError:
            client.close()
            return
        pair = (client, server)
        with self._lock:
            self._pairs.append(pair)
        self._carry(self._pump, client, server, pair)
        self._carry(self._pump, server, client, pair)

    def _pump(self, source: socket.socket, sink: socket.socket, pair: Pair) -> None:
        with suppress(OSError):
            source.settimeout(None)
            while chunk := source.recv(CHUNK_BYTES):
                if self._stopped.wait(self.delay_s) if self.delay_s else self._stopped.is_set():
                    break
                if not self.is_stalled:
                    sink.sendall(chunk)
        _break(pair)

    def _carry(self, work: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=work, args=args, name="rough-link")
        self._threads.append(thread)
        thread.start()


def _break(pair: Pair) -> None:
    for end in pair:
        with suppress(OSError):  # the other direction's thread may have closed it already
            end.shutdown(socket.SHUT_RDWR)
        end.close()
