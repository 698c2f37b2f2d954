"""What the centre says to a device, checked by its signature before it is believed."""

from dataclasses import dataclass

from protocols.codec import decode
from protocols.envelope import Acknowledgement
from protocols.messages.device import CentralState, Desired
from protocols.signing import PublicKey, verify
from protocols.topics import CENTRAL_STATE, down

Word = Acknowledgement | Desired | CentralState


@dataclass(frozen=True)
class Inbox:
    """Reads the topics of one device."""

    site: str
    device: str
    centre: PublicKey

    def read(self, topic: str, payload: bytes, signature: str | None) -> Word | None:
        """The message on `topic`; None for a topic this agent does not act on. Raises BadSignature, Unreadable, Oversized.

        The twin must be signed. Acknowledgements and the centre's state are believed unsigned (the broker's access list
        lets nobody but the centre say them), but never with a wrong signature.
        """
        message = self._message(topic)
        if message is None:
            return None
        if signature is not None or message is Desired:
            verify(self.centre, payload, signature)
        return decode(payload, message)

    def _message(self, topic: str) -> type[Word] | None:
        kinds: dict[str, type[Word]] = {
            down(self.site, self.device, "ack"): Acknowledgement,
            down(self.site, self.device, "desired"): Desired,
            CENTRAL_STATE: CentralState,
        }
        return kinds.get(topic)
