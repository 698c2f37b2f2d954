"""When events occurred, by what is known of their boots (in the landing transaction): new ones and those that are stored.

What a message tells of its boot may date stored events anew, and bound the boot before it: that one was over by then.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace
from sqlalchemy import Connection

from central.ingest import dating, redating
from central.ingest.accept import Accepted, News, Taken
from central.ingest.dating import Hint
from central.ingest.presence import Said
from central.ingest.waiting import Waiting
from central.store import boots, events
from central.store.boots import Boot, Key
from central.store.facts import Fact
from protocols.messages.device import Birth, Health


def hints(waiting: Iterable[Waiting], now: datetime) -> list[Hint]:
    """What the messages that wait tell of the boots they come from."""
    told = (_hint(one.verdict, now) for one in waiting)
    return [hint for hint in told if hint is not None]


def _hint(verdict: object, now: datetime) -> Hint | None:
    if isinstance(verdict, Accepted | News):
        return dating.of_batch(verdict, now)
    if isinstance(verdict, Said) and isinstance(verdict.message, Birth | Health):
        return dating.of_state(verdict.device, verdict.message, now)
    return None


def learn(conn: Connection, told: Sequence[Hint], now: datetime) -> list[Fact]:
    """Take the hints in, and date anew what is stored. Returns what changed by that."""
    if not told:
        return []
    before = boots.at(conn, {hint.key for hint in told})
    after = dict(before)
    for hint in told:
        after[hint.key] = dating.learned(after.get(hint.key), hint)
    boots.put(conn, [boot for key, boot in after.items() if boot is not before.get(key)])
    for key, latest_ms in _earliest(told).items():
        after[key] = _before_the_next(conn, after[key], dating.milliseconds(now) - latest_ms)
    moved = [(before.get(key), boot) for key, boot in after.items() if boot is not before.get(key)]
    return [fact for was, boot in moved for fact in _moved(conn, was, boot, now)]


def _earliest(told: Iterable[Hint]) -> dict[Key, int]:
    latest: dict[Key, int] = {}
    for hint in told:
        latest[hint.key] = min(hint.latest_ms, latest.get(hint.key, hint.latest_ms))
    return latest


def _before_the_next(conn: Connection, boot: Boot, lasted_ms: int) -> Boot:
    """A boot that lasted so long at least was over when the next one began."""
    following = None if dating.is_sure(boot) else boots.following(conn, boot)
    return boot if following is None else dating.bounded(boot, dating.began_ms(following) - lasted_ms)


def _moved(conn: Connection, was: Boot | None, boot: Boot, now: datetime) -> list[Fact]:
    """Date a changed boot's events anew, and those of the boots before it that must have been over."""
    facts: list[Fact] = []
    if was is not None and _is_elsewhere(was, boot):
        count, facts = redating.redate(conn, boot, now)
        boot = replace(boot, redated=boot.redated + count)
    boots.put(conn, [boot])
    previous = boots.preceding(conn, boot) if was is None or _is_elsewhere(was, boot) else None
    if previous is None or dating.is_sure(previous):
        return facts
    lasted_ms = events.longest_ms(conn, previous.device, previous.boot, previous.first_sequence or 1)
    bounded = dating.bounded(previous, dating.began_ms(boot) - lasted_ms)
    return facts if bounded is previous else facts + _moved(conn, previous, bounded, now)


def _is_elsewhere(was: Boot, boot: Boot) -> bool:
    return abs(dating.began_ms(was) - dating.began_ms(boot)) > dating.SLACK_MS


def dated(conn: Connection, landed: Mapping[str, Sequence[Taken]], now: datetime) -> dict[str, list[Taken]]:
    """New events under the time at which they occurred, of each device that has any without a clock to be trusted."""
    unsure = {(device, taken.boot) for device, some in landed.items() for taken in some if not _says_rightly(taken)}
    known = boots.at(conn, unsure) if unsure else {}
    new = {device: [_dated(device, taken, known, now) for taken in landed[device]] for device, _ in known}
    moved = Counter((device, one.boot) for device, some in new.items() for one in some if one.at != one.event.occurred_at)
    boots.put(conn, [replace(known[key], redated=known[key].redated + count) for key, count in moved.items()])
    return new


def _says_rightly(taken: Taken) -> bool:
    return taken.event.clock in dating.SURE and taken.at is taken.event.occurred_at


def _dated(device: str, taken: Taken, known: Mapping[Key, Boot], now: datetime) -> Taken:
    return taken if _says_rightly(taken) else dating.dated(taken, known[device, taken.boot], now)
