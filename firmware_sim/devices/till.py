"""The till: books what the world's customers and clerk moved, over the centre's REST API.

Each movement gets its id once, before the first try, so that a retry after a lost answer books nothing twice. While the
centre is away movements wait in memory, oldest first; a movement it refuses for good is logged, counted and dropped.
"""

import threading
from collections import deque
from datetime import datetime
from itertools import islice
from uuid import uuid4

import msgspec
import structlog

from firmware_sim.devices.till_api import Api, Away, Booked, Line, Refused, post
from firmware_sim.world.trade import Movement

BATCH = 100
WAITING_MAX = 10_000
FIRST_RETRY_S, LONGEST_RETRY_S = 0.5, 10.0
log = structlog.get_logger()


class Counts(msgspec.Struct):
    """What became of the movements so far."""

    accepted: int = 0
    duplicates: int = 0
    refused: int = 0
    overflowed: int = 0


class Till:
    """Posts from a thread of its own; `with` starts and stops it. What waits at the end is offered once more."""

    def __init__(self, api: Api) -> None:
        self.counts = Counts()
        self._api = api
        self._waiting: deque[Line] = deque()
        self._news = threading.Condition()
        self._is_closing = False
        self._thread = threading.Thread(target=self._drain, name="till")

    def __enter__(self) -> "Till":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._news:
            self._is_closing = True
            self._news.notify()
        self._thread.join()
        log.info("till closed", waiting=len(self._waiting), **msgspec.structs.asdict(self.counts))

    def book(self, movement: Movement, at: datetime) -> None:
        """Queue a movement for the centre."""
        occurred_at = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = Line(str(uuid4()), movement.kind, movement.sku, movement.location, movement.quantity, occurred_at)
        with self._news:
            if len(self._waiting) >= WAITING_MAX:
                self.counts.overflowed += 1
                log.error("till is full, a movement is lost", waiting=WAITING_MAX, remedy="bring the centre back")
                return
            self._waiting.append(line)
            self._news.notify()

    def _drain(self) -> None:
        retry_s, alone = FIRST_RETRY_S, 0
        while batch := self._oldest(1 if alone else BATCH):
            answer = post(self._api, batch)
            if isinstance(answer, Away):
                log.warning("centre takes no movements, trying again", reason=answer.why, waiting=len(self._waiting))
                if self._is_closed_within(retry_s):
                    return
                retry_s = min(retry_s * 2, LONGEST_RETRY_S)
                continue
            retry_s = FIRST_RETRY_S
            if isinstance(answer, Refused) and len(batch) > 1:
                alone = len(batch)  # one wrong line must not cost the others: offer each by itself
                continue
            self._settle(batch, answer)
            alone = max(alone - 1, 0)

    def _settle(self, batch: list[Line], answer: Booked | Refused) -> None:
        if isinstance(answer, Booked):
            self.counts.accepted += answer.accepted
            self.counts.duplicates += answer.duplicates
        else:
            self.counts.refused += len(batch)
            log.error("centre refuses a movement for good", movement=batch[0].id, reason=answer.why)
        self._forget(len(batch))

    def _oldest(self, at_most: int) -> list[Line]:
        """The lines that wait longest; blocks until there are some. Empty when none are left and the till closes."""
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._is_closing)
            return list(islice(self._waiting, at_most))

    def _forget(self, count: int) -> None:
        with self._news:
            for _ in range(count):
                self._waiting.popleft()

    def _is_closed_within(self, duration_s: float) -> bool:
        with self._news:
            return self._news.wait_for(lambda: self._is_closing, duration_s)
