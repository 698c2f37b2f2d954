"""What to say on `down/ack` (pure): one answer a device, however many of its messages landed together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from central.ingest.accept import Accepted, Misplaced, News
from central.ingest.cursor import Advance
from central.ingest.evidence import Delivered
from central.ingest.waiting import Answer, Waiting
from protocols.envelope import Acknowledgement


@dataclass
class _Reply:
    site: str
    boot: str = ""
    evidence: list[str] = field(default_factory=list)


def answers(waiting: Iterable[Waiting], advances: Mapping[str, Advance]) -> list[Answer]:
    """The cursor of each device that sent a batch, as a gap when one began beyond it; and the evidence that is kept.

    News alone is answered with the cursor as it stands, never with a gap.
    """
    replies: dict[str, _Reply] = {}
    for one in waiting:
        if one.topic is None or not isinstance(one.verdict, Accepted | Misplaced | News | Delivered):
            continue
        reply = replies.setdefault(one.verdict.device, _Reply(one.topic.site))
        reply.boot = one.verdict.boot
        if isinstance(one.verdict, Delivered):
            reply.evidence.append(one.verdict.piece.sha256)
    return [Answer(reply.site, device, _said(reply, advances.get(device))) for device, reply in replies.items()]


def _said(reply: _Reply, done: Advance | None) -> Acknowledgement:
    if done is None:
        return Acknowledgement(boot=reply.boot, evidence=reply.evidence)
    ahead = done.ahead if done.ahead > done.cursor else None
    if done.gaps:
        return Acknowledgement(boot=reply.boot, gap=done.cursor, ahead=ahead, evidence=reply.evidence)
    return Acknowledgement(boot=reply.boot, upto=done.cursor, ahead=ahead, evidence=reply.evidence)
