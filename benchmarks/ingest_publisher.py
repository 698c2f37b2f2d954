"""A publisher that is never the limit: packets made beforehand go from a file to the socket (`python -m`, one process).

Usage: PORT FILE WINDOW. Each device has at most WINDOW batches under way, as a real sender does, and goes on when
`down/ack` covers them; with WINDOW 0 everything is pushed at once, for a listener that acknowledges nothing. Prints
"ready", waits for a line, sends, and ends when all is acknowledged (or, with WINDOW 0, taken by the broker).
"""

import re
import selectors
import socket
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import msgspec

from benchmarks.ingest_events import Packet, variable
from protocols import codec
from protocols.envelope import Acknowledgement
from protocols.topics import ROOT

PUBLISH, PUBACK = 0x30, 0x40
CHUNK_BYTES = 1 << 16
PATIENCE_S = 20
UNDER_WAY_AT_THE_BROKER = 2000
_ACK_OF = re.compile(rb"edge/[^/]+/([^/]+)/down/ack")


class Sender:
    """One connection that speaks for all devices."""

    def __init__(self, port: int, packets: list[Packet], window: int) -> None:
        self._window = window
        self._waiting: dict[str, deque[Packet]] = {}
        for packet in packets:
            self._waiting.setdefault(packet.device, deque()).append(packet)
        self._under_way: dict[str, deque[int]] = {device: deque() for device in self._waiting}
        self._unacknowledged = 0  # by the broker
        self._out, self._in = bytearray(), bytearray()
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connect()

    def send_all(self) -> None:
        """Send and listen until nothing is left."""
        self._socket.setblocking(False)
        with selectors.DefaultSelector() as selector:
            while not self._is_done():
                self._fill()
                wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._out else 0)
                selector.register(self._socket, wanted)
                moved = selector.select(timeout=PATIENCE_S)
                if not moved:
                    raise SystemExit(f"nothing moved for {PATIENCE_S} s: is the ingest running?")
                self._move(moved[0][1])
                selector.unregister(self._socket)
        self._socket.close()

    def _connect(self) -> None:
        body = b"\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x05bench"
        self._socket.sendall(b"\x10" + variable(len(body)) + body)
        topic = f"{ROOT}/edge/+/+/down/ack".encode()
        body = b"\x00\x01\x00" + len(topic).to_bytes(2, "big") + topic + b"\x01"
        self._socket.sendall(b"\x82" + variable(len(body)) + body)

    def _is_done(self) -> bool:
        is_sent = not self._out and not any(self._waiting.values())
        return is_sent and self._unacknowledged == 0 and not any(self._under_way.values())

    def _fill(self) -> None:
        for device, waiting in self._waiting.items():
            under_way = self._under_way[device]
            while waiting and self._unacknowledged < UNDER_WAY_AT_THE_BROKER:
                if self._window and len(under_way) >= self._window:
                    break
                packet = waiting.popleft()
                self._out += packet.data
                self._unacknowledged += 1
                if self._window:
                    under_way.append(packet.last)

    def _move(self, ready: int) -> None:
        if ready & selectors.EVENT_WRITE:
            sent = self._socket.send(self._out[:CHUNK_BYTES])
            del self._out[:sent]
        if ready & selectors.EVENT_READ:
            came = self._socket.recv(CHUNK_BYTES)
            if not came:
                raise SystemExit("the broker closed the connection")
            self._in += came
            for kind, body in self._packets():
                self._heard(kind, body)

    def _packets(self) -> Iterator[tuple[int, bytes]]:
        while len(self._in) > 1:
            length, shift, start = 0, 0, 1
            while start < len(self._in):
                digit = self._in[start]
                length |= (digit & 0x7F) << shift
                start, shift = start + 1, shift + 7
                if not digit & 0x80:
                    break
            if len(self._in) < start + length:
                return
            yield self._in[0] & 0xF0, bytes(self._in[start : start + length])
            del self._in[: start + length]

    def _heard(self, kind: int, body: bytes) -> None:
        if kind == PUBACK:
            self._unacknowledged -= 1
        elif kind == PUBLISH:
            self._out += b"\x40\x02" + self._number(body)
            if found := _ACK_OF.search(body):
                self._acknowledged(found[1].decode(), codec.decode(self._payload(body), Acknowledgement))

    def _number(self, body: bytes) -> bytes:
        topic_bytes = int.from_bytes(body[:2], "big")
        return body[2 + topic_bytes : 4 + topic_bytes]

    def _payload(self, body: bytes) -> bytes:
        properties_at = 4 + int.from_bytes(body[:2], "big")  # always shorter than 128 bytes here: one byte of length
        return body[properties_at + 1 + body[properties_at] :]

    def _acknowledged(self, device: str, said: Acknowledgement) -> None:
        if said.upto is None:
            raise SystemExit(f"{device}: the ingest answered {said}")
        under_way = self._under_way[device]
        while under_way and under_way[0] <= said.upto:
            under_way.popleft()


def main() -> None:
    """Send what is in the file."""
    port, file, window = sys.argv[1:]
    packets = msgspec.msgpack.decode(Path(file).read_bytes(), type=list[Packet])
    sender = Sender(int(port), packets, int(window))
    print("ready", flush=True)
    sys.stdin.readline()
    sender.send_all()


if __name__ == "__main__":
    main()
