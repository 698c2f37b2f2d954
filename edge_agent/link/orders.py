"""What the publisher's thread hands on: words of the centre that ask something of this device, for others to act on."""

from collections.abc import Sequence
from typing import Protocol

from protocols.messages.command import Command
from protocols.messages.device import Desired


class Orders(Protocol):
    """Hears orders. Nothing here may take long: the publisher waits."""

    def heard(self, word: Desired | Command) -> None:
        """A genuine word for this device."""

    def acknowledged(self, boot: str, numbers: Sequence[int]) -> None:
        """The centre has these replies, written in that boot."""

    def connected(self) -> None:
        """A new connection: what was said in the last one may be lost."""


class NoOrders:
    """Nobody acts: a replay, or a test of the queue."""

    def heard(self, word: Desired | Command) -> None:
        """Heard, and that is all."""

    def acknowledged(self, boot: str, numbers: Sequence[int]) -> None:
        """Nothing was replied."""

    def connected(self) -> None:
        """Nothing is to be said again."""
