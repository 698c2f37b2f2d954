"""Signatures checked by another process: the same verdicts as here, with it, without it, and when it dies."""

import os
import signal
from collections.abc import Iterator
from io import BytesIO

import pytest

from central.bus import Message
from central.ingest.accept import Accepted, Quarantined
from central.ingest.judging import Judge
from central.ingest.signature_checker import FAILS, HOLDS, serve
from central.ingest.signatures import A_FLOOD, Checked, Signatures, claimed
from central.ingest.speakers import Speakers
from central.store.devices import Device
from protocols import codec, signing, topics
from protocols.errors import BadSignature
from tests.makers import NOON, batch, event

KEY, OTHER = signing.new_key(), signing.new_key()


@pytest.fixture
def signatures() -> Iterator[Signatures]:
    """The helper, not yet started."""
    with Signatures() as signatures:
        yield signatures


def message(sequence: int, key: signing.PrivateKey = KEY, **properties: str) -> Message:
    """A batch of one event, signed."""
    payload = codec.encode(batch([event(sequence)]))
    said = {"sig": signing.sign(key, payload), **properties}
    return Message(topics.up("s1", "eye-01", "events"), payload, said, sequence, 1, 1)


def judge(signatures: Signatures | None) -> Judge:
    """One device is on record."""
    device = Device("eye-01", "s1", "eye-01", signing.public_text(KEY), NOON)
    speakers = Speakers(lambda: [device], lambda: 0.0)
    speakers.refresh(0.0)
    return Judge(speakers, lambda: NOON, signatures)


def flood() -> list[Message]:
    """Enough messages to be worth it, some of them bad."""
    good = [message(n) for n in range(1, 2 * A_FLOOD)]
    return [*good, message(50, OTHER), message(51, sig="no base64"), message(52, sig=""), message(53)]


def test_the_verdicts_are_those_of_this_process(signatures: Signatures) -> None:
    """Good, forged, unreadable and missing signatures, in their places."""
    judging = judge(signatures)
    begun = judging.begin(flood())
    assert begun.asked is not None
    verdicts = [one.verdict for one in judging.finish(begun)]
    assert verdicts == [judge(None).judged(one).verdict for one in flood()]
    assert [type(one) for one in verdicts[-4:]] == [Quarantined, Quarantined, Quarantined, Accepted]


def test_a_few_messages_are_not_worth_the_way(signatures: Signatures) -> None:
    """They are judged here, at once."""
    judging = judge(signatures)
    begun = judging.begin(flood()[-3:])
    assert (begun.asked, len(judging.finish(begun))) == (None, 3)


def test_a_helper_that_dies_costs_time_only(signatures: Signatures) -> None:
    """What it owed is checked here, and it is not asked again."""
    judging = judge(signatures)
    judging.finish(judging.begin(flood()))
    helper = signatures._helper  # nobody else may kill it
    assert helper is not None
    os.kill(helper.pid, signal.SIGKILL)
    helper.wait()
    for _ in range(2):
        begun = judging.begin(flood())
        assert [type(one.verdict) for one in judging.finish(begun)] == [
            type(judge(None).judged(one).verdict) for one in flood()
        ]
    assert begun.asked is None


def test_an_answer_about_another_key_counts_nothing() -> None:
    """The device got a new key while the helper was asked."""
    payload = b"payload"
    with pytest.raises(BadSignature):
        Checked(OTHER.public_key(), True).verify(KEY.public_key(), payload, signing.sign(OTHER, payload))


def test_the_helper_answers_claim_by_claim() -> None:
    """Also a key that is no point of the curve."""
    good = claimed(KEY.public_key(), b"a", signing.sign(KEY, b"a"))
    assert good is not None
    raw = KEY.public_key().public_bytes_raw()
    frames = [(raw, good.signature, b"a"), (raw, good.signature, b"b"), (b"\xff" * 32, good.signature, b"a")]
    said = b"".join(len(p).to_bytes(4, "big") + key + signature + p for key, signature, p in frames)
    verdicts = BytesIO()
    serve(BytesIO(len(frames).to_bytes(4, "big") + said), verdicts)
    assert verdicts.getvalue() == HOLDS + FAILS + FAILS
