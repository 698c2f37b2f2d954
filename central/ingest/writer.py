"""Judged messages in, answers out: tried until the database has them (the door to the store).

A database that is locked, full or away is tried again for as long as it takes: nothing is acknowledged before. A message
that the landing code itself stumbles over is set aside alone, so that it never blocks the others.
"""

import traceback
from collections.abc import Callable, Sequence

import structlog
from msgspec.structs import replace
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, InternalError, NotSupportedError, ProgrammingError

from central.ingest.accept import Accepted, Misplaced, Quarantined
from central.ingest.land import land
from central.ingest.waiting import Answer, Waiting
from central.parts import Parts

RETRY_FIRST_S, RETRY_LAST_S = 0.2, 5.0
_FAULT_OF_THE_STATEMENT = (DataError, IntegrityError, InternalError, NotSupportedError, ProgrammingError)

log = structlog.get_logger()


class Writer:
    """paused: waits so many seconds and says whether to give up (the process is stopping)."""

    def __init__(self, parts: Parts, paused: Callable[[float], bool]) -> None:
        self._parts = parts
        self._paused = paused

    def land(self, waiting: Sequence[Waiting]) -> list[Answer] | None:
        """Land what waits and say what to answer; None when the process stops before the database has it."""
        for one in waiting:
            if isinstance(one.verdict, Quarantined):
                said = one.verdict
                log.warning("quarantined", topic=one.message.topic, reason=said.reason, detail=said.detail)
        try:
            return self._persist(waiting)
        except Exception as error:
            remedy = "each is landed alone, the culprit set aside"
            log.error("landing_failed", messages=len(waiting), problem=repr(error), remedy=remedy)
        answers: list[Answer] = []
        for one in waiting:
            landed = self._land_alone(one)
            if landed is None:
                return None
            answers += landed
        return answers

    def _land_alone(self, one: Waiting) -> list[Answer] | None:
        try:
            return self._persist([one])
        except Exception as error:
            remedy = "it is in quarantine; report this as a defect"
            # As text: a renderer that shows local variables would spend seconds on thousands of events.
            log.error("message_set_aside", topic=one.message.topic, remedy=remedy, traceback=traceback.format_exc())
            return self._persist([_set_aside(one, error)])

    def _persist(self, waiting: Sequence[Waiting]) -> list[Answer] | None:
        delay_s = RETRY_FIRST_S
        while True:
            try:
                with self._parts.writing() as conn:
                    return land(conn, waiting, self._parts.capabilities, self._parts.now())
            except DatabaseError as error:
                if isinstance(error, _FAULT_OF_THE_STATEMENT):
                    raise
                log.error("database_unavailable", problem=str(error.orig), waiting=len(waiting), remedy=RETRIED)
            if self._paused(delay_s):
                return None
            delay_s = min(2 * delay_s, RETRY_LAST_S)


RETRIED = "nothing is lost: devices keep it, and it is tried again; look for a full disk or a long transaction"


def _set_aside(one: Waiting, error: Exception) -> Waiting:
    detail = f"the centre could not land it: {type(error).__name__}: {error}"
    verdict: Misplaced | Quarantined = Quarantined("unlandable", detail)
    if isinstance(one.verdict, Accepted):
        batch = one.verdict
        verdict = Misplaced(batch.device, batch.boot, batch.first, batch.last, "unlandable", detail, batch.payload)
    return replace(one, verdict=verdict)
