"""Messages get their verdict as they come, on the client's thread: checking a signature and reading JSON need no database.

So one processor judges while the other lands. A verdict holds as long as the devices on record are those it was reached by.
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
    """Reads the snapshot of `speakers` on any thread; has it renewed only where messages are landed."""

    def __init__(self, speakers: Speakers, now: Callable[[], datetime]) -> None:
        self._speakers = speakers
        self._now = now

    def heard(self, message: Message) -> Waiting:
        """The message with its verdict. Raises nothing: one that this code stumbles over goes into quarantine."""
        registry = self._speakers.registry
        topic, verdict = self._verdict(message, registry)
        return Waiting(message, topic, verdict, registry)

    def settled(self, one: Waiting) -> Waiting:
        """The same, judged again if the devices on record changed; a stranger may have been added a moment ago."""
        if isinstance(one.verdict, Quarantined) and one.verdict.reason == "unknown_device":
            self._speakers.refresh(AFTER_A_STRANGER_S)
        return one if one.registry is self._speakers.registry else self.heard(one.message)

    def _verdict(self, message: Message, registry: Registry) -> tuple[EdgeTopic | None, Verdict]:
        try:
            return judge(message.topic, message.payload, message.properties, registry, self._now())
        except Exception as error:
            remedy = "it goes into quarantine; report this as a defect"
            log.error("judging_failed", topic=message.topic, remedy=remedy, traceback=traceback.format_exc())
            return None, Quarantined("unlandable", f"the centre could not judge it: {type(error).__name__}: {error}")
