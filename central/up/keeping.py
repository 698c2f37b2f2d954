"""What a running house keeps up by itself: the servers' certificate before it ends, and tokens that came to their end."""

from collections.abc import Callable
from dataclasses import dataclass

from central.config import CentralConfig
from central.fleet import authority, broker, integrators
from central.fleet.authority import Authority
from central.parts import Parts

LOOK_EVERY_S = 60.0


@dataclass
class Keeper:
    """Looks once a minute. `due_s` is the monotonic second of its next look."""

    parts: Parts
    config: CentralConfig
    say: Callable[[str], None]
    due_s: float = 0.0

    def look(self, now_s: float) -> None:
        """Do what is due. now_s: a clock in seconds that never goes back."""
        if now_s < self.due_s:
            return
        self.due_s = now_s + LOOK_EVERY_S
        self._renew_server()
        self._dismiss_ended()

    def _renew_server(self) -> None:
        held = Authority(self.config.tls_folder)
        if held.exists and authority.init(held, self.config.broker.names, self.parts.now()):
            broker.reload(self.parts.require_gate().broker)
            self.say("the servers' certificate was renewed; the console shows it after a restart")

    def _dismiss_ended(self) -> None:
        folder = self.parts.require_gate().broker
        with self.parts.reading() as conn:
            ended = integrators.dismiss_ended(conn, folder, self.config.broker.user, self.parts.now())
        if ended:
            broker.reload(folder)
            self.say(f"tokens that have ended open MQTT no more: {', '.join(ended)}")
