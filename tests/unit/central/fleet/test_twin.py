"""The desired twin that proves a device's subscription."""

from central.fleet.twin import desired
from central.store.devices import Device
from protocols import codec, signing
from protocols.messages.device import Desired
from tests.makers import NOON

KEY = signing.new_key()
EYE = Device("eye-01", "s1", "Eye", signing.public_text(KEY), NOON)


def test_each_device_is_told_a_signed_version_0() -> None:
    """On its own topic, by the centre's key."""
    (said,) = desired([EYE], KEY)
    assert said.topic == "tallyhouse/v1/edge/s1/eye-01/down/desired"
    assert codec.decode(said.payload, Desired) == Desired(version=0)
    signing.verify(KEY.public_key(), said.payload, said.signature)


def test_what_was_said_to_a_revoked_device_is_taken_back() -> None:
    """An empty retained payload removes the old one."""
    revoked = Device("eye-01", "s1", "Eye", signing.public_text(KEY), NOON, revoked_at=NOON)
    assert desired([revoked], KEY)[0].payload == b""
