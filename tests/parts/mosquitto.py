"""A real mosquitto on a free loopback port: started, stopped and killed at will, without persistence unless asked for."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from tests.parts.ports import answers, eventually, free_port

BINARY = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "mosquitto"


class Mosquitto:
    """One broker. `extra` lines (password file, access list) replace anonymous access; `keeps`: with its own persistence."""

    def __init__(self, folder: Path, extra: str = "allow_anonymous true", *, keeps: bool = False) -> None:
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        user = "user root\n" if os.geteuid() == 0 else ""
        persistence = f"persistence true\npersistence_location {folder}/" if keeps else "persistence false"
        self._config.write_text(
            f"{user}listener {self.port} 127.0.0.1\n{persistence}\nmax_inflight_messages 20\n"
            f"max_queued_messages 0\nmax_packet_size 200000\nset_tcp_nodelay true\n{extra}\n"
        )
        self._log = folder / "mosquitto.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process, while it runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Runs the broker and waits until it accepts connections."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([BINARY, "-c", str(self._config)], stdout=log, stderr=log)
        eventually(lambda: answers(self.port), what=f"mosquitto on port {self.port} ({self._log.read_text()[-400:]})")

    def stop(self) -> None:
        """A clean stop."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """kill -9: everything the broker held is gone."""
        self._end(signal.SIGKILL)

    def _end(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(10)
            self._process = None
