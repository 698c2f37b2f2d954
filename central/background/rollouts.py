"""Advances rollouts, on a thread of its own: measuring a model takes minutes and holds up nothing else."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from central.background.judging import Interrupted, Pair
from central.errors import CentralError
from central.fleet import release_orders as orders
from central.fleet import rollout_progress as progress
from central.fleet.accuracy import Accuracy
from central.fleet.archives import Archives
from central.fleet.rollout import Measure, Wait
from central.floor.label_export import export
from central.floor.labels import settled_pictures
from central.parts import Parts
from central.store import releases, rollouts
from central.store.rollouts import Rollout

LOOK_EVERY = timedelta(seconds=5)

log = structlog.get_logger()


@dataclass
class RolloutDesk:
    """Each look moves every open rollout by at most one step; between two looks passes `look_every`."""

    parts: Parts
    archives: Archives
    accuracy: Callable[[Pair], Accuracy]
    look_every: timedelta = LOOK_EVERY
    _next: datetime | None = None

    def look(self) -> int:
        """How many rollouts moved."""
        now = self.parts.now()
        if self._next is not None and now < self._next <= now + self.look_every:
            return 0
        self._next = now + self.look_every
        with self.parts.reading() as conn:
            going_on, going_back = rollouts.open_ones(conn), orders.being_taken_back(conn, now)
        moved = sum(_apart(self._moved, rollout, now) for rollout in going_on)
        return moved + sum(_apart(self._given_back, rollout, now) for rollout in going_back)

    def _given_back(self, rollout: Rollout, now: datetime) -> bool:
        """The next devices of a rollout that was taken back."""
        with self.parts.writing() as conn:
            return orders.give_back(conn, rollout, progress.WHO, now) > 0

    def _moved(self, rollout: Rollout, now: datetime) -> bool:
        with self.parts.reading() as conn:
            seen = progress.look(conn, rollout)
        step = progress.step(seen, None, now)
        if isinstance(step, Wait) and not seen.has_news:
            return False
        if isinstance(step, Measure) and not seen.has_news:
            return self._measured(rollout)
        with self.parts.writing() as conn:
            if _unchanged(conn, rollout) is None:
                return False
            if seen.has_news:
                progress.mark_running(conn, seen, now)
            else:
                progress.follow(conn, self.archives, seen, step, now)
        return True

    def _measured(self, rollout: Rollout) -> bool:
        """Measure with no transaction open, then go on with what was measured, unless somebody stopped it meanwhile."""
        with self.parts.reading() as conn:
            new = releases.get(conn, rollout.sha256)
            old = releases.get(conn, rollout.baseline) if rollout.baseline else None
            if new is not None:
                export(conn, settled_pictures(conn, rollout.site or self.parts.site), self.archives.people_said)
        if new is None:
            return False
        try:
            accuracy = self.accuracy(Pair(new, old))
        except Interrupted:
            return False
        now = self.parts.now()
        with self.parts.reading() as conn:
            seen = progress.look(conn, rollout)
        with self.parts.writing() as conn:
            if _unchanged(conn, rollout) is None:
                return False
            progress.measured(conn, rollout, accuracy, now)
            progress.follow(conn, self.archives, seen, progress.step(seen, accuracy, now), now)
        return True


def _apart(act: Callable[[Rollout, datetime], bool], rollout: Rollout, now: datetime) -> bool:
    """One rollout that cannot go on keeps none of the others waiting."""
    try:
        return act(rollout, now)
    except CentralError as error:
        remedy = f"tried again; or: tallyhouse release stop {rollout.id}"
        log.error("rollout_waits", rollout=rollout.id, problem=str(error), remedy=remedy)
        return False


def _unchanged(conn: Connection, rollout: Rollout) -> Rollout | None:
    """The rollout, unless somebody stopped it meanwhile."""
    current = rollouts.get(conn, rollout.id)
    return current if current is not None and (current.phase, current.stage) == (rollout.phase, rollout.stage) else None
