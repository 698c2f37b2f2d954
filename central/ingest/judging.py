"""Messages get their verdict just before they are landed, by the devices on record at that moment.

Judging on the client's thread, so that one processor judges while the other lands, was measured:
slower, for a sixth more CPU (docs/benchmarks.md).
"""

import traceback
from collections.abc import Callable
from datetime import datetime

import structlog

from central.bus import Message
from central.ingest.accept import Quarantined
from central.ingest.registry import Registry
from central.ingest.speakers import AFTER_A_STRANGER_S, Speakers
from central.ingest.verdicts import Verdict, judge
from central.ingest.waiting import Waiting
from protocols.topics import EdgeTopic

log = structlog.get_logger()


class Judge:
    """Holds messages against the snapshot of `speakers`."""

    def __init__(self, speakers: Speakers, now: Callable[[], datetime]) -> None:
        self._speakers = speakers
        self._now = now

    def judged(self, message: Message) -> Waiting:
        """The message with its verdict; a stranger may have been added a moment ago. Raises nothing: one that this code
        stumbles over goes into quarantine."""
        topic, verdict = self._verdict(message, self._speakers.registry)
        if isinstance(verdict, Quarantined) and verdict.reason == "unknown_device":
            self._speakers.refresh(AFTER_A_STRANGER_S)
            topic, verdict = self._verdict(message, self._speakers.registry)
        return Waiting(message, topic, verdict)

    def _verdict(self, message: Message, registry: Registry) -> tuple[EdgeTopic | None, Verdict]:
        try:
            return judge(message.topic, message.payload, message.properties, registry, self._now())
        except Exception as error:
            remedy = "it goes into quarantine; report this as a defect"
            log.error("judging_failed", topic=message.topic, remedy=remedy, traceback=traceback.format_exc())
            return None, Quarantined("unlandable", f"the centre could not judge it: {type(error).__name__}: {error}")
