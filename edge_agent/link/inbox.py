"""What the centre says to a device, checked by its signature before it is believed."""

from dataclasses import dataclass, field

from edge_agent.link.orders import NoOrders, Orders
from protocols.codec import decode
from protocols.envelope import Acknowledgement
from protocols.errors import BadSignature
from protocols.messages.command import Command
from protocols.messages.device import CentralState, Desired
from protocols.signing import PublicKey, verify
from protocols.topics import CENTRAL_STATE, down

Word = Acknowledgement | Desired | Command | CentralState
ORDERS = (Desired, Command)


@dataclass(frozen=True)
class Inbox:
    """Reads the topics of one device; `orders` is who acts on what is asked of it."""

    site: str
    device: str
    centre: PublicKey
    orders: Orders = field(default_factory=NoOrders)

    def read(self, topic: str, payload: bytes, signature: str | None) -> Word | None:
        """The message on `topic`; None for a topic this agent does not act on. Raises BadSignature, Unreadable, Oversized.

        Orders (the twin, commands) must be signed, and for this device: one that was signed for another is an old message
        in the wrong hands. Acknowledgements and the centre's state are believed unsigned (the broker's access list lets
        nobody but the centre say them), but never with a wrong signature.
        """
        message = self._message(topic)
        if message is None:
            return None
        if signature is not None or message in ORDERS:
            verify(self.centre, payload, signature)
        word = decode(payload, message)
        if isinstance(word, ORDERS) and not self._is_ours(word):
            raise BadSignature(f"signed for {word.device or 'no device'}, not for {self.device}")
        return word

    def _is_ours(self, order: Desired | Command) -> bool:
        wants_nothing = isinstance(order, Desired) and order == Desired(version=0)
        return wants_nothing or order.device == self.device

    def _message(self, topic: str) -> type[Word] | None:
        kinds: dict[str, type[Word]] = {
            down(self.site, self.device, "ack"): Acknowledgement,
            down(self.site, self.device, "desired"): Desired,
            down(self.site, self.device, "commands"): Command,
            CENTRAL_STATE: CentralState,
        }
        return kinds.get(topic)
