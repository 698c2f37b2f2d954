"""Replies to commands: genuine ones are facts, kept in the landing transaction and acknowledged by their number."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

import structlog
from msgspec import Struct
from sqlalchemy import Connection

from central.fleet import commands
from central.ingest.accept import Quarantined
from central.ingest.registry import Registry, Stranger, speaker_of
from protocols import codec, signing
from protocols.envelope import Acknowledgement
from protocols.errors import BadSignature, ProtocolError
from protocols.messages.command import Reply
from protocols.topics import EdgeTopic

log = structlog.get_logger()


class Replied(Struct, frozen=True):
    """A genuine reply of a device."""

    device: str
    reply: Reply


def accept(topic: EdgeTopic, payload: bytes, properties: Mapping[str, str], registry: Registry) -> Replied | Quarantined:
    """What to do about one message on `up/replies`."""
    speaker = speaker_of(topic, registry)
    if isinstance(speaker, Stranger):
        return Quarantined(speaker.reason, speaker.detail, topic.device)
    if speaker.site != topic.site:
        return Quarantined("wrong_site", f"{topic.device} belongs to {speaker.site}, not to {topic.site}", topic.device)
    try:
        signing.verify(speaker.key, payload, properties.get("sig"))
        return Replied(topic.device, codec.decode(payload, Reply))
    except ProtocolError as error:
        return Quarantined("bad_signature" if isinstance(error, BadSignature) else "unreadable", str(error), topic.device)


def keep(conn: Connection, replied: Replied, now: datetime) -> None:
    """Store a reply. One to a command that is not on record (an older backup was restored) is heard, said and dropped."""
    if not commands.follow(conn, replied.device, replied.reply, now):
        log.warning("reply_to_no_command", device=replied.device, command=replied.reply.command)


def acknowledgements(said: Iterable[tuple[str, Replied]]) -> list[tuple[str, str, Acknowledgement]]:
    """One acknowledgement for the replies of each site, device and boot."""
    numbers: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for site, replied in said:
        numbers[site, replied.device, replied.reply.boot].add(replied.reply.number)
    return [
        (site, device, Acknowledgement(boot=boot, replies=sorted(those))) for (site, device, boot), those in numbers.items()
    ]
