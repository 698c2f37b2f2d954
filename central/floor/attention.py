"""The one inbox: everything that needs a person now, whoever noticed it, ranked by consequence."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, or_, select

from central.floor import alarm_book, ranking
from central.floor.alarm_evidence import worst_channels
from central.floor.alarm_groups import groups
from central.floor.devices import QUARANTINE_SHOWN, DeviceState, all_devices, set_aside_since
from central.floor.ranking import Item
from central.floor.shelves import NOTABLE_DIFFERENCE, all_shelves
from central.store.decisions import Decision, decisions
from central.store.reviews import Review, reviews, valid

ADVICE_STANDS = timedelta(hours=12)  # a count older than this says nothing of the shelf any more


@dataclass(frozen=True)
class Proposal:
    """A decision that waits for a person, or the verdict just given while it can be taken back."""

    decision: Decision
    review: Review | None


def attention(conn: Connection, site: str, now: datetime) -> list[Item]:
    """What needs a person at `site`, gravest first; verdicts that can still be undone stay among them as settled."""
    devices = {device.device: device for device in all_devices(conn, site)}
    return ranking.ranked(
        [
            *_alarms(conn, site, devices, now),
            *_differences(conn, site, now),
            *_proposals(conn, site, now),
            *_devices(conn, devices.values(), now),
        ]
    )


def open_proposals(conn: Connection, site: str, now: datetime) -> list[Proposal]:
    """Proposals without a verdict, and those whose verdict can still be undone, newest first."""
    fresh = select(reviews.c.decision).where(reviews.c.settles_at > now, reviews.c.undone_at.is_(None))
    wanted = (decisions.c.site == site) & or_(decisions.c.state == "proposed", decisions.c.id.in_(fresh))
    rows = conn.execute(select(decisions).where(wanted).order_by(decisions.c.decided_at.desc())).mappings()
    found = [Decision(**row) for row in rows]
    return [Proposal(decision, valid(conn, decision.id)) for decision in found]


def _alarms(conn: Connection, site: str, devices: Mapping[str, DeviceState], now: datetime) -> Iterator[Item]:
    for group in groups(alarm_book.open_standing(conn, site), now):
        about = {"group": group, "device": devices.get(group.thing), "worst": worst_channels(conn, group.members)}
        is_seen = not group.unacknowledged
        yield Item(group.kind, group.thing, group.priority, group.since or now, about, is_acknowledged=is_seen)


def _differences(conn: Connection, site: str, now: datetime) -> Iterator[Item]:
    for shelf in all_shelves(conn, site):
        if shelf.counted is None or shelf.counted_at is None or shelf.difference is None:
            continue
        if abs(shelf.difference) >= NOTABLE_DIFFERENCE and now - shelf.counted_at <= ADVICE_STANDS:
            priority = ranking.of_difference(shelf.difference, shelf.counted, shelf.capacity)
            yield Item("difference", shelf.location, priority, shelf.counted_at, {"shelf": shelf})


def _proposals(conn: Connection, site: str, now: datetime) -> Iterator[Item]:
    for proposal in open_proposals(conn, site, now):
        decision = proposal.decision
        values = {"decision": decision, "review": proposal.review}
        priority = ranking.of_proposal(decision.approve_by, now)
        yield Item("proposal", decision.id, priority, decision.decided_at, values, is_settled=proposal.review is not None)


def _devices(conn: Connection, known: Iterable[DeviceState], now: datetime) -> Iterator[Item]:
    aside = set_aside_since(conn, now - QUARANTINE_SHOWN)
    for device in known:
        yield from _troubles(device, aside.get(device.device, 0), now)
    if strangers := aside.get("", 0):
        yield Item("set_aside", "unknown", 3, now, {"device": None, "times": strangers})


def _troubles(device: DeviceState, aside: int, now: datetime) -> Iterator[Item]:
    heard = device.heard_at or device.added_at
    if device.is_silent(now):  # an alarm says so
        return
    for source in device.sources_lost:
        lost = now - timedelta(seconds=source.age_s or 0)
        yield Item("source", f"{device.device}-{source.id}", 3, lost, {"device": device, "source": source})
    held_back = device.health.outbox.set_aside if device.health else 0
    if aside or held_back:
        yield Item("set_aside", device.device, 3, heard, {"device": device, "times": aside + held_back})
