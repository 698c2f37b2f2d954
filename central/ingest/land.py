"""One transaction for all that waits: events by key, cursors, projections, announcements, due runs (CONTRACT §4.3).

Nothing is answered here: acknowledgements and answers leave after the commit, so that a crash in between redelivers.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from central.deciding import waking
from central.deciding.capability import Capability
from central.ingest import calendar, cursor, pieces, presence, replies
from central.ingest.accept import News, Taken
from central.ingest.answers import answers
from central.ingest.believe import New, believe
from central.ingest.cursor import Advance, Batch
from central.ingest.holding import held
from central.ingest.presence import Said
from central.ingest.replies import Replied
from central.ingest.waiting import Answer, Waiting
from central.store import changes, devices, events, quarantine
from central.store.devices import Ledger
from central.store.facts import Fact
from central.store.types import instant_text, instant_texts

LATE_AFTER = timedelta(minutes=10)


def land(conn: Connection, waiting: Sequence[Waiting], capabilities: Sequence[Capability], now: datetime) -> list[Answer]:
    """Land everything that waits; one answer a device."""
    batches = _by_device(waiting)
    ledgers = devices.ledgers_of(conn, batches)
    advances = {device: _advance(conn, ledgers[device], some) for device, some in batches.items()}
    facts = calendar.learn(conn, calendar.hints(waiting, now), now)
    for device, some in calendar.dated(conn, {device: done.taken for device, done in advances.items()}, now).items():
        advances[device].taken = some
    facts += _store(conn, advances, now)
    kept = pieces.keep(conn, waiting, now)
    aside = [*held(waiting, advances), *(spoiled for one in kept.values() for spoiled in one.spoiled)]
    quarantine.hold(conn, aside, now)
    devices.put_ledgers(conn, [_counted(ledgers[device], done, now) for device, done in advances.items()])
    _keep_states(conn, waiting, now)
    changes.log_all(conn, [*_changed(advances), *(("", "quarantine", one.device or one.topic) for one in aside)], now)
    waking.wake(conn, capabilities, facts, now)
    return [*answers(waiting, advances, kept), *_answers_to_replies(waiting)]


def _by_device(waiting: Iterable[Waiting]) -> dict[str, list[Batch]]:
    batches: dict[str, list[Batch]] = defaultdict(list)
    for one in waiting:
        if isinstance(one.verdict, Batch):
            batches[one.verdict.device].append(one.verdict)
    return batches


def _advance(conn: Connection, ledger: Ledger, batches: Sequence[Batch]) -> Advance:
    known = _in_order(conn, ledger, [batch for batch in batches if not isinstance(batch, News)])
    overtaking = [taken.event.sequence for batch in batches if isinstance(batch, News) for taken in batch.taken]
    if overtaking:
        known |= events.known_at(conn, ledger.device, overtaking)
    done = cursor.advance(ledger.cursor, batches, known)
    return replace(done, ahead=max(ledger.ahead, done.ahead))


def _in_order(conn: Connection, ledger: Ledger, batches: Sequence[Batch]) -> dict[int, str]:
    first = min((batch.first for batch in batches), default=0)
    if not batches or first > max(ledger.cursor, ledger.ahead):
        return {}  # nothing is stored so far on
    return events.known(conn, ledger.device, first, max(batch.last for batch in batches))


def _store(conn: Connection, advances: Mapping[str, Advance], now: datetime) -> list[Fact]:
    received_at = instant_text(now)
    new: dict[str, list[New]] = defaultdict(list)
    rows: list[events.Row] = []
    for device, done in advances.items():
        if done.taken:
            rows += _rows(device, done, received_at)
            new[done.site] += [(device, taken) for taken in done.taken]
    events.append(conn, rows)
    return [fact for site, landed in new.items() for fact in believe(conn, site, landed, now)]


def _rows(device: str, done: Advance, received_at: str) -> list[events.Row]:
    times = instant_texts(taken.at for taken in done.taken)
    return [
        _row(device, done.site, taken, occurred_at, received_at)
        for taken, occurred_at in zip(done.taken, times, strict=True)
    ]


def _row(device: str, site: str, taken: Taken, occurred_at: str, received_at: str) -> events.Row:
    event = taken.event
    return (
        device,
        event.sequence,
        event.id,
        site,
        event.kind,
        occurred_at,
        received_at,
        taken.boot,
        event.monotonic_ms,
        event.clock,
        event.model,
        event.evidence,
        taken.text,
        None if taken.at == event.occurred_at else instant_text(event.occurred_at),
    )


def _counted(ledger: Ledger, done: Advance, now: datetime) -> Ledger:
    long_ago = now - LATE_AFTER
    return Ledger(
        device=ledger.device,
        cursor=done.cursor,
        highest_seen=max(ledger.highest_seen, done.highest_seen),
        stored=ledger.stored + done.stored,
        duplicates=ledger.duplicates + done.duplicates,
        late=ledger.late + sum(taken.at < long_ago for taken in done.taken),
        gaps=ledger.gaps + done.gaps,
        quarantined=ledger.quarantined + done.quarantined,
        declared_lost=ledger.declared_lost + done.declared_lost,
        news=ledger.news + done.news,
        ahead=done.ahead,
    )


def _keep_states(conn: Connection, waiting: Iterable[Waiting], now: datetime) -> None:
    for one in waiting:
        if isinstance(one.verdict, Said):
            presence.note(conn, one.verdict, now)
        elif isinstance(one.verdict, Replied):
            replies.keep(conn, one.verdict, now)


def _answers_to_replies(waiting: Iterable[Waiting]) -> list[Answer]:
    said = ((one.topic.site, one.verdict) for one in waiting if one.topic and isinstance(one.verdict, Replied))
    return [Answer(*answer) for answer in replies.acknowledgements(said)]


def _changed(advances: Mapping[str, Advance]) -> Iterator[tuple[str, str, str]]:
    for device, done in advances.items():
        if done.taken:
            yield done.site, "device", device
            yield from ((done.site, "event", kind) for kind in {taken.event.kind for taken in done.taken})
