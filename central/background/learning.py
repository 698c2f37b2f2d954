"""Capabilities that learn are taught in a thread of their own, a subject at a time, so that no decision waits for a fit."""

from datetime import datetime, timedelta

import structlog

from central.deciding.capability import Capability, Subject
from central.deciding.learning import learn, pupils
from central.parts import Parts
from central.store import catalogue
from central.store.catalogue import Site

LEARN_EVERY = timedelta(hours=6)
log = structlog.get_logger()


class Teacher:
    """Goes round all subjects of the cards that have lessons, then rests."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._round: list[tuple[Capability, Subject]] = []
        self._next_at = parts.now()

    def look(self) -> int:
        """Teach one subject; how many were taught. A lesson that fails is logged and keeps no other from its own."""
        now = self._parts.now()
        if not self._round and now >= self._next_at:
            self._round, self._next_at = self._pupils(), now + LEARN_EVERY
        if not self._round:
            return 0
        self._teach(*self._round.pop(), now)
        return 1

    def _teach(self, card: Capability, subject: Subject, now: datetime) -> None:
        try:
            if learn(self._parts.engine, card, subject, now):
                log.info("learned", capability=card.name, site=subject.site, subject=subject.key)
        except Exception:
            log.exception("learning_failed", capability=card.name, subject=subject.key, remedy="its last model stays in use")

    def _pupils(self) -> list[tuple[Capability, Subject]]:
        with self._parts.reading() as conn:
            sites = [site.site for site in catalogue.all_of(conn, Site)]
            known = self._parts.capabilities
            return [(card, pupil) for card in known for site in sites for pupil in pupils(conn, card, site)]
