"""States of devices at ingest: signed like everything else, so that the broker need not be believed."""

import pytest

from central.fleet.broker import MAX_PACKET_BYTES
from central.ingest.accept import Quarantined
from central.ingest.presence import Said
from central.ingest.registry import Registry, Speaker
from central.ingest.verdicts import judge
from protocols import codec, signing
from protocols.envelope import MAX_STATE_BYTES
from protocols.messages.device import Birth, Health, OutboxHealth, Reported, Will
from protocols.topics import Up, up
from tests.makers import NOON

KEY, OTHERS = signing.new_key(), signing.new_key()
REGISTRY: Registry = {
    "eye-01": Speaker("s1", KEY.public_key()),
    "ear-01": Speaker("s1", OTHERS.public_key()),
    "old-01": Speaker("s1", KEY.public_key(), is_revoked=True),
    "late-01": Speaker("s1", KEY.public_key(), has_ended=True),
}
OUTBOX = OutboxHealth(count=0, bytes=0, oldest_age_s=0, last_sequence=0)
STATES: list[tuple[Up, object]] = [
    ("status", Birth(boot="b", started_at=NOON, version="1")),
    ("status", Will(boot="b", reason="connection_lost")),
    ("health", Health(boot="b", at=NOON, outbox=OUTBOX, clock="ntp", sources=[])),
    ("reported", Reported(version=2, boot="b")),
]


def verdict(branch: Up, payload: bytes, signature: str | None, device: str = "eye-01", site: str = "s1") -> object:
    """What ingest makes of a state."""
    properties = {} if signature is None else {"sig": signature}
    return judge(up(site, device, branch), payload, properties, REGISTRY, NOON)[1]


def reason(found: object) -> str | None:
    """Why it was set aside; None when it was not."""
    return found.reason if isinstance(found, Quarantined) else None


@pytest.mark.parametrize(("branch", "state"), STATES)
def test_a_state_counts_only_under_its_devices_signature(branch: Up, state: object) -> None:
    """The right one is heard; without one, with another's or with one of other bytes it is set aside."""
    payload = codec.encode(state)
    right = signing.sign(KEY, payload)
    assert isinstance(verdict(branch, payload, right), Said)
    assert reason(verdict(branch, payload, None)) == "bad_signature"
    assert reason(verdict(branch, payload, signing.sign(OTHERS, payload))) == "bad_signature"
    assert reason(verdict(branch, payload + b" ", right)) == "bad_signature"


@pytest.mark.parametrize(("branch", "state"), STATES)
def test_a_state_of_one_device_is_not_anothers(branch: Up, state: object) -> None:
    """Said again under another name, at another site, or after the right to speak ended, it is set aside."""
    payload = codec.encode(state)
    right = signing.sign(KEY, payload)
    assert reason(verdict(branch, payload, right, device="ear-01")) == "bad_signature"
    assert reason(verdict(branch, payload, right, device="nobody")) == "unknown_device"
    assert reason(verdict(branch, payload, right, device="old-01")) == "revoked"
    assert reason(verdict(branch, payload, right, device="late-01")) == "ended"
    assert reason(verdict(branch, payload, right, site="s2")) == "wrong_site"


@pytest.mark.parametrize("branch", ["evidence", "replies"])
def test_nothing_is_read_before_its_signature_is_right(branch: Up) -> None:
    """Even bytes that could not be read are first of all not genuine."""
    assert reason(verdict(branch, b"[" * 20_000, None)) == "bad_signature"


def test_a_state_that_cannot_be_read_is_set_aside() -> None:
    """A name that is no text and a number that no database holds."""
    for payload in (b'{"state":"online","\x8d":1}', b'{"version":%d,"boot":"b"}' % 2**70, b"[" * 20_000):
        found = verdict("reported", payload, signing.sign(KEY, payload))
        assert reason(found) == "unreadable"


def test_a_birth_of_many_tasks_is_heard() -> None:
    """As large as the broker lets it through with its topic and properties; a larger one is set aside."""
    for size, is_heard in ((MAX_STATE_BYTES, True), (MAX_STATE_BYTES + 1, False)):
        payload = codec.encode(Birth(boot="b", started_at=NOON, version="1")).ljust(size)
        assert isinstance(verdict("status", payload, signing.sign(KEY, payload)), Said) is is_heard
    assert MAX_STATE_BYTES + 1000 < MAX_PACKET_BYTES
