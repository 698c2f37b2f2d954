"""From a message on any branch to a verdict (pure): who looks at what."""

from collections.abc import Mapping
from datetime import datetime

from central.ingest import accept, evidence, presence, replies
from central.ingest.accept import Accepted, Misplaced, News, Quarantined, Verify
from central.ingest.evidence import Chunk, Delivered
from central.ingest.presence import Said
from central.ingest.registry import Registry
from central.ingest.replies import Replied
from protocols import signing, topics
from protocols.errors import ProtocolError
from protocols.topics import EdgeTopic

Verdict = Accepted | Misplaced | News | Quarantined | Delivered | Chunk | Said | Replied | None


def judge(
    topic: str,
    payload: bytes,
    properties: Mapping[str, str],
    registry: Registry,
    now: datetime,
    verify: Verify = signing.verify,
) -> tuple[EdgeTopic | None, Verdict]:
    """The parsed topic, if it is one of ours, and what to do; None: nothing, but acknowledge it."""
    try:
        parsed = topics.parse_up(topic)
    except ProtocolError as error:
        return None, Quarantined("bad_topic", str(error))
    if parsed.branch == "events":
        return parsed, accept.accept(parsed, payload, properties, registry, now, verify)
    if parsed.branch == "evidence":
        return parsed, evidence.accept(parsed, payload, properties, registry)
    if parsed.branch == "replies":
        return parsed, replies.accept(parsed, payload, properties, registry)
    return parsed, presence.accept(parsed, payload, properties, registry)
