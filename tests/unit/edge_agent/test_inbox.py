"""Words of the centre are believed by their signature."""

import pytest
from msgspec.structs import replace

from edge_agent.link.inbox import Inbox
from protocols import topics
from protocols.codec import encode
from protocols.envelope import Acknowledgement
from protocols.errors import BadSignature, Unreadable
from protocols.messages.command import Command
from protocols.messages.device import CentralState, Desired
from protocols.signing import new_key, sign
from tests.makers import NOON, event_id

KEY = new_key()
INBOX = Inbox("s1", "eye-01", KEY.public_key())
DESIRED = topics.down("s1", "eye-01", "desired")
COMMANDS = topics.down("s1", "eye-01", "commands")
ACK = topics.down("s1", "eye-01", "ack")
COMMAND = Command(id=event_id(1), device="eye-01", action="send_logs", issued_at=NOON, expires_at=NOON)


def test_each_topic_carries_its_message() -> None:
    """Rightly signed, all four are read; what else may come below `down` is left alone."""
    for topic, message in {
        DESIRED: Desired(version=3, device="eye-01"),
        COMMANDS: COMMAND,
        ACK: Acknowledgement(boot="b", upto=7),
        topics.CENTRAL_STATE: CentralState(online=True, epoch="e", time=NOON),
    }.items():
        payload = encode(message)
        assert INBOX.read(topic, payload, sign(KEY, payload)) == message
    assert INBOX.read(DESIRED.replace("desired", "gossip"), b"{}", None) is None


@pytest.mark.parametrize("signature", [None, "", "AAAA", "not base64"])
def test_a_twin_without_the_right_signature_is_refused(signature: str | None) -> None:
    """It would prove a subscription that proves nothing."""
    with pytest.raises(BadSignature):
        INBOX.read(DESIRED, encode(Desired(version=0)), signature)


@pytest.mark.parametrize("signature", [None, "", "AAAA"])
def test_a_command_without_the_right_signature_is_refused(signature: str | None) -> None:
    """Whoever can publish could otherwise stop a belt."""
    with pytest.raises(BadSignature):
        INBOX.read(COMMANDS, encode(COMMAND), signature)


@pytest.mark.parametrize(
    ("topic", "message"),
    [
        (COMMANDS, replace(COMMAND, device="eye-02")),
        (DESIRED, Desired(version=3, device="eye-02")),
        (DESIRED, Desired(version=3)),
        (DESIRED, Desired(version=0, settings={"cam-1/defects": {}})),
    ],
    ids=["command", "twin", "nobodys twin", "a twin that wants something"],
)
def test_what_was_signed_for_another_device_is_refused(topic: str, message: Desired | Command) -> None:
    """Genuine, and in the wrong hands: it is replayed on our topic."""
    payload = encode(message)
    with pytest.raises(BadSignature, match="not for eye-01"):
        INBOX.read(topic, payload, sign(KEY, payload))


def test_another_devices_twin_is_not_ours() -> None:
    """Not even when it is genuine."""
    payload = encode(Desired(version=0))
    assert INBOX.read(topics.down("s1", "eye-02", "desired"), payload, sign(KEY, payload)) is None


@pytest.mark.parametrize("payload", [b"", b"{", b'{"version":"one"}', b'{"version":-1}', b"[]"])
def test_rubbish_is_unreadable_whoever_signed_it(payload: bytes) -> None:
    """And never another error."""
    with pytest.raises(Unreadable):
        INBOX.read(DESIRED, payload, sign(KEY, payload))
