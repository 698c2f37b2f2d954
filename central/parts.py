"""What a request, a landing or a decision is given: the engine, the capabilities, the clock; nothing global.

`parts()` finds the set of the running Flask app.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from flask import current_app
from sqlalchemy import Connection, Engine

from central.deciding.capability import Capability
from central.errors import Refused
from central.fleet.archives import Archives
from central.fleet.gate import Gate
from central.store import engine as database
from central.store.limits import Limits
from central.tracing import Tracer

EXTENSION = "tallyhouse"


@dataclass(frozen=True)
class Parts:
    """Built by `runtime.py`. `site` is the one the console opens with; `broker` the address devices are told.

    gate: where devices are let in and shut out; archives: where released models lie; None where nothing is (tests, replays).
    limits: how long each noun is kept. tracer: names the stretches of work that belong to a fact or a request.
    """

    engine: Engine
    capabilities: tuple[Capability, ...]
    now: Callable[[], datetime]
    site: str
    broker: str
    gate: Gate | None = None
    archives: Archives | None = None
    limits: Limits = field(default_factory=Limits)
    tracer: Tracer = field(default_factory=Tracer)

    def require_gate(self) -> Gate:
        """Raises Refused where devices cannot be let in."""
        if self.gate is None:
            raise Refused("this process lets no devices in; use the console or the command line of the centre")
        return self.gate

    def require_archives(self) -> Archives:
        """Raises Refused where no models are released."""
        if self.archives is None:
            raise Refused("this process releases no models; use the console or the command line of the centre")
        return self.archives

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection that sees one moment and must not write."""
        return database.reading(self.engine)

    def writing(self) -> AbstractContextManager[Connection]:
        """A connection that holds the write lock; commits at its end."""
        return database.writing(self.engine)


def parts() -> Parts:
    """The parts of the running app."""
    return cast(Parts, current_app.extensions[EXTENSION])
