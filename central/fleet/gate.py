"""Where devices come in: what the rooms of the fleet must know of this house to let one in, or shut it out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from central.bus import Address
from central.errors import Refused
from central.fleet.agent_file import Centre
from central.fleet.authority import Authority
from central.fleet.broker import BrokerFolder


@dataclass(frozen=True)
class Gate:
    """Built by `runtime.py`. centre: what devices are told; it reads the centre's key, and so is asked only when needed.

    url: of the console, as devices reach it. bus: how the centre itself signs in at the broker.
    """

    authority: Authority
    broker: BrokerFolder
    bus: Address
    url: str
    has_tls: bool
    certificates_last: timedelta
    centre: Callable[[], Centre]

    def require_tls(self) -> None:
        """Raises Refused in a house whose devices come in by plain MQTT on its own machine."""
        if not self.has_tls or not self.authority.exists:
            raise Refused(
                "devices elsewhere come in by TLS, which this house has not: start it with `tallyhouse up --tls`; "
                "on this machine `tallyhouse device add NAME` does"
            )
