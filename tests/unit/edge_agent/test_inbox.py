"""Words of the centre are believed by their signature."""

import pytest

from edge_agent.link.inbox import Inbox
from protocols import topics
from protocols.codec import encode
from protocols.envelope import Acknowledgement
from protocols.errors import BadSignature, Unreadable
from protocols.messages.device import CentralState, Desired
from protocols.signing import new_key, sign
from tests.makers import NOON

KEY = new_key()
INBOX = Inbox("s1", "eye-01", KEY.public_key())
DESIRED = topics.down("s1", "eye-01", "desired")
ACK = topics.down("s1", "eye-01", "ack")


def test_each_topic_carries_its_message() -> None:
    """Rightly signed, all three are read; commands are left to a later release."""
    for topic, message in {
        DESIRED: Desired(version=3),
        ACK: Acknowledgement(boot="b", upto=7),
        topics.CENTRAL_STATE: CentralState(online=True, epoch="e", time=NOON),
    }.items():
        payload = encode(message)
        assert INBOX.read(topic, payload, sign(KEY, payload)) == message
    assert INBOX.read(topics.down("s1", "eye-01", "commands"), b"{}", None) is None


@pytest.mark.parametrize("signature", [None, "", "AAAA", "not base64"])
def test_a_twin_without_the_right_signature_is_refused(signature: str | None) -> None:
    """It would prove a subscription that proves nothing."""
    with pytest.raises(BadSignature):
        INBOX.read(DESIRED, encode(Desired(version=0)), signature)


def test_another_devices_twin_is_not_ours() -> None:
    """Not even when it is genuine."""
    payload = encode(Desired(version=0))
    assert INBOX.read(topics.down("s1", "eye-02", "desired"), payload, sign(KEY, payload)) is None


@pytest.mark.parametrize("payload", [b"", b"{", b'{"version":"one"}', b'{"version":-1}', b"[]"])
def test_rubbish_is_unreadable_whoever_signed_it(payload: bytes) -> None:
    """And never another error."""
    with pytest.raises(Unreadable):
        INBOX.read(DESIRED, payload, sign(KEY, payload))
