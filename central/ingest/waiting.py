"""A message that waits to be landed, and what will be answered to its device."""

from msgspec import Struct

from central.bus import Message
from central.ingest.verdicts import Verdict
from protocols.envelope import Acknowledgement
from protocols.topics import EdgeTopic


class Waiting(Struct, frozen=True):
    """topic: the message's own, parsed, where it is one of ours; the verdict says what to do."""

    message: Message
    topic: EdgeTopic | None
    verdict: Verdict


class Answer(Struct, frozen=True):
    """What to say on `down/ack` of the site that the device spoke under."""

    site: str
    device: str
    acknowledgement: Acknowledgement
