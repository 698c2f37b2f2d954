"""What to say on `down/ack` (pure): one answer a device, however many of its messages landed together."""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from central.ingest.accept import Accepted, Misplaced, News
from central.ingest.cursor import Advance
from central.ingest.evidence import Chunk, Delivered
from central.ingest.pieces import Kept
from central.ingest.waiting import Answer, Waiting
from protocols.envelope import Acknowledgement

NOTHING = Kept()


def answers(waiting: Iterable[Waiting], advances: Mapping[str, Advance], kept: Mapping[str, Kept]) -> list[Answer]:
    """The cursor of each device that sent a batch, as a gap when one began beyond it; and the evidence that is kept.

    News alone is answered with the cursor as it stands, never with a gap.
    """
    spoke: dict[str, tuple[str, str]] = {}
    for one in waiting:
        if one.topic is not None and isinstance(one.verdict, Accepted | Misplaced | News | Delivered | Chunk):
            spoke[one.verdict.device] = (one.topic.site, one.verdict.boot)
    return [
        Answer(site, device, _said(boot, advances.get(device), kept.get(device, NOTHING)))
        for device, (site, boot) in spoke.items()
    ]


def _said(boot: str, done: Advance | None, kept: Kept) -> Acknowledgement:
    here = Acknowledgement(boot=boot, evidence=kept.whole, begun=kept.begun)
    if done is None:
        return here
    ahead = done.ahead if done.ahead > done.cursor else None
    if done.gaps:
        return replace(here, gap=done.cursor, ahead=ahead)
    return replace(here, upto=done.cursor, ahead=ahead)
