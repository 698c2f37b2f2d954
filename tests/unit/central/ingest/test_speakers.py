"""Who may speak changes while the house runs."""

from dataclasses import replace
from itertools import count

import pytest

from central.ingest.registry import Speaker, Stranger, speaker_of
from central.ingest.speakers import Speakers
from central.store.devices import Device
from protocols.signing import new_key, public_text
from protocols.topics import EdgeTopic
from tests.makers import NOON

EYE = Device("eye-01", "s1", "Eye", public_text(new_key()), NOON)
TOPIC = EdgeTopic("s1", "eye-01", "events")


class Record:
    """Who is on record, and whose certificate has ended."""

    def __init__(self) -> None:
        self.devices, self.ended = [EYE], list[str]()
        seconds = count(0, 2)
        self.speakers = Speakers(lambda: self.devices, lambda: next(seconds), lambda: self.ended)

    def speaker(self) -> Speaker | Stranger:
        """What ingest says of the eye now."""
        self.speakers.refresh()
        return speaker_of(TOPIC, self.speakers.registry)


@pytest.fixture
def record() -> Record:
    """One device on record."""
    return Record()


def test_a_device_is_heard_until_its_right_is_taken_back(record: Record) -> None:
    """And heard again once it has another key: the next reading decides."""
    assert isinstance(record.speaker(), Speaker)
    record.devices = [replace(EYE, revoked_at=NOON)]
    refused = record.speaker()
    assert isinstance(refused, Stranger)
    assert refused.reason == "revoked"
    key = new_key()
    record.devices = [replace(EYE, public_key=public_text(key))]
    heard = record.speaker()
    assert isinstance(heard, Speaker)
    assert heard.key == key.public_key()


def test_a_device_whose_certificate_has_ended_is_not_heard(record: Record) -> None:
    """Until it has the next one; its refusal says how it gets in again."""
    assert isinstance(record.speaker(), Speaker)
    record.ended = ["eye-01", "unknown-01"]
    refused = record.speaker()
    assert isinstance(refused, Stranger)
    assert refused.reason == "ended"
    assert "tallyhouse device claim eye-01 --replace" in refused.detail
    record.ended = []
    assert isinstance(record.speaker(), Speaker)
