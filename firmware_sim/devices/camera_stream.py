"""Network cameras: `GET /cam-1.mjpg` streams frames as MJPEG, `GET /cam-1.jpg` gives one.

A thread per viewer; frames come from the camera's eye, which all its viewers share. `unplug` ends a camera's streams and
refuses new ones with 503 until `plug`: what a client sees of a pulled cable behind a switch that still answers.
"""

import sys
import threading
from collections.abc import Iterable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import structlog

from firmware_sim.devices.camera_eye import CameraEye
from firmware_sim.errors import CameraUnknown, PortTaken

BOUNDARY = "frame"
SEND_TIMEOUT_S = 5.0
log = structlog.get_logger()


class CameraStreams:
    """The HTTP server of all cameras; `with` starts and stops it, `port` is where it listens. Raises PortTaken."""

    def __init__(self, eyes: Iterable[CameraEye], host: str, port: int) -> None:
        self._eyes = {eye.camera.id: eye for eye in eyes}
        self._unplugged = {camera_id: threading.Event() for camera_id in self._eyes}
        self._stopped = threading.Event()
        try:
            self._server = _Server((host, port), _Handler, self)
        except OSError as error:
            raise PortTaken("camera server", host, port, "--camera-port") from error
        self.host, self.port = host, int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="cameras")

    def __enter__(self) -> "CameraStreams":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def urls(self) -> dict[str, str]:
        """Where each camera streams."""
        return {camera_id: f"http://{self.host}:{self.port}/{camera_id}.mjpg" for camera_id in self._eyes}

    def unplug(self, camera_id: str) -> None:
        """Pull the camera's cable. Raises CameraUnknown."""
        self._cable(camera_id).set()

    def plug(self, camera_id: str) -> None:
        """Put the cable back. Raises CameraUnknown."""
        self._cable(camera_id).clear()

    def eye(self, camera_id: str) -> CameraEye | None:
        """The eye of a camera that is there and plugged in."""
        return None if self._is_away(camera_id) else self._eyes[camera_id]

    def pause(self, camera_id: str, duration_s: float) -> bool:
        """Wait for the next frame's time; False when the stream must end."""
        return not (self._stopped.wait(duration_s) or self._is_away(camera_id))

    def has(self, camera_id: str) -> bool:
        """Whether the scene has this camera."""
        return camera_id in self._eyes

    def _is_away(self, camera_id: str) -> bool:
        return camera_id not in self._eyes or self._unplugged[camera_id].is_set()

    def _cable(self, camera_id: str) -> threading.Event:
        try:
            return self._unplugged[camera_id]
        except KeyError:
            raise CameraUnknown(f"no camera {camera_id!r}; the scene has {', '.join(self._eyes)}") from None


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], streams: CameraStreams) -> None:
        super().__init__(address, handler)
        self.streams = streams

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - the base class gives it
        """A request that failed is one line in the log; the others go on."""
        log.warning("camera request failed", client=client_address, error=repr(sys.exception()))


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = SEND_TIMEOUT_S

    def do_GET(self) -> None:
        camera_id, _, form = self.path.lstrip("/").partition(".")
        if not self.server.streams.has(camera_id) or form not in {"jpg", "mjpg"}:
            self.send_error(HTTPStatus.NOT_FOUND, "No such camera")
        elif (eye := self.server.streams.eye(camera_id)) is None:
            self.send_error(HTTPStatus.SERVICE_UNAVAILABLE, "Camera unplugged")
        elif form == "jpg":
            self._snapshot(eye.jpeg())
        else:
            self._stream(eye)

    def log_message(self, format: str, *args: object) -> None:
        """One structured line a request, only when asked for; the base class would write to stderr."""
        log.debug("camera request", client=self.client_address[0], said=format % args)

    def _snapshot(self, jpeg: bytes) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", str(len(jpeg)))
        self.end_headers()
        self.wfile.write(jpeg)

    def _stream(self, eye: CameraEye) -> None:
        self.close_connection = True
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={BOUNDARY}")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        try:
            self._send_part(eye.jpeg())
            while self.server.streams.pause(eye.camera.id, 1.0 / eye.camera.frames_per_s):
                self._send_part(eye.jpeg())
        except OSError as error:
            # Viewers leave by closing the connection: that is how a stream ends.
            log.debug("viewer left", camera=eye.camera.id, reason=str(error))

    def _send_part(self, jpeg: bytes) -> None:
        head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
        self.wfile.write(head.encode() + jpeg + b"\r\n")
