"""Messages get their verdict just before they are landed, by the devices on record at that moment.

Their signatures are checked before, by another process while this one lands. Judging on a thread of this one was measured:
slower, for a sixth more CPU (docs/benchmarks.md).
"""

import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

import structlog

from central.bus import Message
from central.ingest.accept import Quarantined, Verify
from central.ingest.registry import Registry
from central.ingest.signatures import A_FLOOD, Checked, Claim, Signatures, claimed
from central.ingest.speakers import AFTER_A_STRANGER_S, Speakers
from central.ingest.verdicts import Verdict, judge
from central.ingest.waiting import Waiting
from protocols import signing
from protocols.topics import EdgeTopic

log = structlog.get_logger()


@dataclass(frozen=True)
class Begun:
    """Messages whose signatures are being checked. asked_of: which of them, by place."""

    messages: Sequence[Message] = ()
    asked_of: Sequence[int] = ()
    asked: Future[list[Checked]] | None = None


class Judge:
    """Holds messages against the snapshot of `speakers`."""

    def __init__(self, speakers: Speakers, now: Callable[[], datetime], signatures: Signatures | None = None) -> None:
        self._speakers = speakers
        self._now = now
        self._signatures = signatures

    def begin(self, messages: Sequence[Message]) -> Begun:
        """Let the signatures of batches be checked."""
        if self._signatures is None or len(messages) < A_FLOOD:
            return Begun(messages)
        claims = {place: claim for place, message in enumerate(messages) if (claim := self._claim(message)) is not None}
        return Begun(messages, list(claims), self._signatures.check(list(claims.values())))

    def finish(self, begun: Begun) -> list[Waiting]:
        """The messages with their verdicts."""
        answers = [] if self._signatures is None else self._signatures.answer(begun.asked)
        checked = dict(zip(begun.asked_of, answers, strict=False))  # no answers: each is checked here
        return [self.judged(message, checked.get(place)) for place, message in enumerate(begun.messages)]

    def judged(self, message: Message, checked: Checked | None = None) -> Waiting:
        """The message with its verdict; a stranger may have been added a moment ago. Raises nothing: one that this code
        stumbles over goes into quarantine."""
        verify = signing.verify if checked is None else checked.verify
        topic, verdict = self._verdict(message, self._speakers.registry, verify)
        if isinstance(verdict, Quarantined) and verdict.reason == "unknown_device":
            self._speakers.refresh(AFTER_A_STRANGER_S)
            topic, verdict = self._verdict(message, self._speakers.registry, verify)
        return Waiting(message, topic, verdict)

    def _claim(self, message: Message) -> Claim | None:
        parts = message.topic.split("/")
        speaker = self._speakers.registry.get(parts[4]) if parts[-1] == "events" and len(parts) > 4 else None
        return None if speaker is None else claimed(speaker.key, message.payload, message.properties.get("sig"))

    def _verdict(self, message: Message, registry: Registry, verify: Verify) -> tuple[EdgeTopic | None, Verdict]:
        try:
            return judge(message.topic, message.payload, message.properties, registry, self._now(), verify)
        except Exception as error:
            remedy = "it goes into quarantine; report this as a defect"
            log.error("judging_failed", topic=message.topic, remedy=remedy, traceback=traceback.format_exc())
            return None, Quarantined("unlandable", f"the centre could not judge it: {type(error).__name__}: {error}")
