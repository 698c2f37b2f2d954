"""One device's connection in the load program: MQTT 5 on a bare socket, as light as Python can make it."""

import socket
from collections.abc import Iterator

from benchmarks.ingest_events import variable
from protocols.mqtt import Publish, read_publish

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE = 0x10, 0x20, 0x30, 0x40, 0x82
READ_BYTES = 1 << 16


class Line:
    """Connects and subscribes at once; afterwards it never blocks."""

    def __init__(self, port: int, client: str, topic_filter: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name, wanted = _text(client), _text(topic_filter)
        self._send(CONNECT, b"\x00\x04MQTT\x05\x02\x00\x00\x00" + name)
        self._send(SUBSCRIBE, b"\x00\x01\x00" + wanted + b"\x01")
        self.socket.setblocking(False)
        self._in, self._out = bytearray(), bytearray()

    def say(self, packet: bytes) -> None:
        """Send a whole packet; what the socket does not take now leaves with the next."""
        self._out += packet
        try:
            del self._out[: self.socket.send(self._out)]
        except BlockingIOError:
            return

    def close(self) -> None:
        """Hang up."""
        self.socket.close()

    def heard(self) -> Iterator[Publish]:
        """Messages that have come, acknowledged to the broker. Raises SystemExit when it hung up."""
        try:
            came = self.socket.recv(READ_BYTES)
        except BlockingIOError:
            return
        if not came:
            raise SystemExit("the broker closed a connection")
        self._in += came
        answers = bytearray()
        for header, body in self._packets():
            if header & 0xF0 == PUBLISH:
                message = read_publish(header, body)
                if message.qos:
                    answers += b"\x40\x02" + message.number.to_bytes(2, "big")
                yield message
        if answers:
            self.say(bytes(answers))

    def _send(self, header: int, body: bytes) -> None:
        self.socket.sendall(bytes([header]) + variable(len(body)) + body)

    def _packets(self) -> Iterator[tuple[int, bytes]]:
        while len(self._in) > 1:
            length, at, shift = 0, 1, 0
            while at < len(self._in):
                digit = self._in[at]
                length |= (digit & 0x7F) << shift
                at, shift = at + 1, shift + 7
                if not digit & 0x80:
                    break
            else:
                return
            if len(self._in) < at + length:
                return
            yield self._in[0], bytes(self._in[at : at + length])
            del self._in[: at + length]


def _text(value: str) -> bytes:
    encoded = value.encode()
    return len(encoded).to_bytes(2, "big") + encoded
