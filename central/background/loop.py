"""The background: a thread each for speaking, planning, learning, backups, rollouts, so that none holds up a decision.

Each looks at its table a few times a second; a look that finds nothing costs one short read.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Event, Thread

import structlog
from sqlalchemy.exc import OperationalError

from central.background import bookkeeping, runner
from central.background.announce.mqtt import Announcer
from central.background.backing_up import BackingUp, Plan
from central.background.judging import Judge, installed_program
from central.background.learning import Teacher
from central.background.planning import Planner, PlanningDesk, heavy_names
from central.background.retention import Retention
from central.background.rollouts import RolloutDesk
from central.background.scheduler import Scheduler
from central.bus import Bus
from central.deciding import fixing, review
from central.errors import CentralError
from central.floor import alarm_book, device_alarms
from central.parts import Parts
from central.store import alarms, locks, reviews

LOOK_EVERY_S = 0.15
AFTER_FAILURE_S = 2.0  # a full disk must not be filled by logs that say so
BOOKS_EVERY = timedelta(minutes=5)
DEVICES_EVERY = timedelta(seconds=4)
LOCKS_LOOK_BACK = timedelta(days=30)  # locks that ran out while nothing ran
log = structlog.get_logger()


def run_background(parts: Parts, bus: Bus, stop: Event, plan: Plan | None = None) -> None:
    """Work until `stop` is set; what fails is logged and tried again. Without a plan no backups are made."""
    announcer = Announcer(parts.engine, bus, parts.now)
    besides = [Thread(target=_repeat, args=(announcer.announce, stop), name="announce")]
    besides += [Thread(target=_repeat, args=(announcer.mark, stop), name="mark")]
    besides += [Thread(target=_repeat, args=(Teacher(parts).look, stop), name="learn")]
    planner = Planner(stop)
    besides += [Thread(target=_repeat, args=(PlanningDesk(parts, planner).look, stop), name="plan")]
    besides += [Thread(target=_repeat, args=(BackingUp(parts, plan).look, stop), name="backup")] if plan else []
    if parts.archives is not None:
        judge = Judge(parts.archives, stop, installed_program())
        desk = RolloutDesk(parts, parts.archives, judge.accuracy)
        besides.append(Thread(target=_repeat, args=(desk.look, stop), name="rollouts"))
    for thread in besides:
        thread.start()
    try:
        _repeat(Desk(parts).look, stop)
    finally:
        stop.set()
        for thread in besides:
            thread.join()
        planner.close()
        with suppress(OperationalError):  # they are said again then
            announcer.mark()


class Desk:
    """Everything but speaking and heavy planning, in the order of its urgency."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._scheduler = Scheduler(parts.capabilities, parts.now())
        self._retention = Retention(parts)
        self._books_at = self._devices_at = parts.now()
        self._heavy = heavy_names(parts)
        self._locks_ended_at = parts.now() - LOCKS_LOOK_BACK

    def look(self) -> int:
        """One round; how much was done."""
        now = self._parts.now()
        at_their_time = (
            *(self._settle, self._end_shelving, self._end_locks, self._watch_devices),
            *(self._schedule, self._keep_books),
        )
        done = runner.drain(self._parts, besides=self._heavy) + sum(step(now) for step in at_their_time)
        self._retention.look()  # not counted as work: its next little step comes after a pause
        return done

    def _settle(self, now: datetime) -> int:
        with self._parts.reading() as conn:
            if not reviews.settled(conn, now):
                return 0
        with self._parts.writing() as conn:
            return review.settle(conn, self._parts.capabilities, now)

    def _end_shelving(self, now: datetime) -> int:
        with self._parts.reading() as conn:
            if not alarms.shelved_before(conn, now):
                return 0
        with self._parts.writing() as conn:
            return alarm_book.end_shelving(conn, now)

    def _end_locks(self, now: datetime) -> int:
        since, ended = self._locks_ended_at, 0
        with self._parts.reading() as conn:
            has_ended = bool(locks.ended(conn, since, now))
        if has_ended:
            with self._parts.writing() as conn:
                ended = fixing.wake_ended(conn, since, now)
        self._locks_ended_at = now  # last: what a busy database would not take is found again
        return ended

    def _watch_devices(self, now: datetime) -> int:
        if now < self._devices_at:
            return 0
        self._devices_at = now + DEVICES_EVERY
        with self._parts.reading() as conn:
            if not device_alarms.news(conn, now):
                return 0
        with self._parts.writing() as conn:
            return sum(len(alarm_book.hear(conn, *told, now)) for told in device_alarms.news(conn, now).items())

    def _schedule(self, now: datetime) -> int:
        if not self._scheduler.is_time(now):
            return 0
        with self._parts.writing() as conn:
            return self._scheduler.wake(conn, now)

    def _keep_books(self, now: datetime) -> int:
        if now < self._books_at:
            return 0
        self._books_at = now + BOOKS_EVERY
        return bookkeeping.keep_books(self._parts, now)


def _repeat(step: Callable[[], int], stop: Event) -> None:
    """Do `step` again at once while it finds work, after a pause when it finds none, after a longer one when it fails."""
    while not stop.is_set():
        try:
            pause_s = 0.0 if step() else LOOK_EVERY_S
        except (CentralError, OperationalError) as error:
            log.warning("background_waits", error=str(error).splitlines()[0])
            pause_s = AFTER_FAILURE_S
        except Exception:
            log.exception("background_failed", remedy="tried again")
            pause_s = AFTER_FAILURE_S
        stop.wait(pause_s)
