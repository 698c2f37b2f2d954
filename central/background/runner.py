"""Drains what is due. Each subject is on its own: one that fails is put off and stops no other."""

import time
from collections.abc import Collection
from datetime import timedelta

import structlog
from sqlalchemy.exc import OperationalError

from central.deciding.run import run
from central.deciding.thinking import Decider, Interrupted, in_process
from central.parts import Parts
from central.store import decisions, due, events
from central.store.due import Due
from central.tracing import trace_of

AT_ONCE = 50
PUT_OFF = timedelta(seconds=30)
PUT_OFF_BUSY = timedelta(seconds=2)
log = structlog.get_logger()


def drain(
    parts: Parts, decide: Decider = in_process, *, only: Collection[str] | None = None, besides: Collection[str] = ()
) -> int:
    """Decide what is due now, up to fifty subjects; how many were decided or put off.

    Of the capabilities `only`, where given, and of none of `besides`. Raises OperationalError when the database takes not
    even that one is put off.
    """
    with parts.reading() as conn:
        tasks = due.ready(conn, parts.now(), AT_ONCE, only=only, besides=besides)
    for task in tasks:
        try:
            _decide(parts, task, decide)
        except Interrupted:
            return 0
        except OperationalError as error:
            log.warning("database_busy", capability=task.capability, subject=task.subject, error=str(error.orig))
            _put_off(parts, task, PUT_OFF_BUSY)
        except Exception:
            log.exception("decision_failed", capability=task.capability, site=task.site, subject=task.subject)
            _put_off(parts, task, PUT_OFF)
    return len(tasks)


def _put_off(parts: Parts, task: Due, span: timedelta) -> None:
    with parts.writing() as conn:
        due.postpone(conn, task, parts.now() + span)


def _decide(parts: Parts, task: Due, decide: Decider) -> None:
    card = next((card for card in parts.capabilities if card.name == task.capability), None)
    if card is None:
        log.warning("capability_gone", capability=task.capability, subject=task.subject, remedy="its due row is dropped")
        with parts.writing() as conn:
            due.clear(conn, task)
        return
    began_ns = time.time_ns()
    decision = run(parts.engine, card, task, parts.now, decide=decide)
    if decision is not None:
        with parts.tracer.traced("decide", _trace(parts, decision), began_ns, capability=task.capability):
            log.info("decided", capability=task.capability, subject=task.subject, decision=decision)


def _trace(parts: Parts, decision: str) -> str:
    """The trace of the event that the decision rests on; its own when no device saw the cause."""
    with parts.reading() as conn:
        seen = next((c for c in decisions.causes_of(conn, decision) if c.device and c.sequence), None)
        event = events.id_of(conn, seen.device, seen.sequence) if seen and seen.device and seen.sequence else None
    return trace_of(event or decision)
