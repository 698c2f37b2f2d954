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
from central.store import engine as database
from central.store.limits import Limits

EXTENSION = "tallyhouse"


@dataclass(frozen=True)
class Parts:
    """Built by `runtime.py`. `site` is the one the console opens with; `broker` the address devices are told.

    limits: how long each noun is kept.
    """

    engine: Engine
    capabilities: tuple[Capability, ...]
    now: Callable[[], datetime]
    site: str
    broker: str
    limits: Limits = field(default_factory=Limits)

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection that sees one moment and must not write."""
        return database.reading(self.engine)

    def writing(self) -> AbstractContextManager[Connection]:
        """A connection that holds the write lock; commits at its end."""
        return database.writing(self.engine)


def parts() -> Parts:
    """The parts of the running app."""
    return cast(Parts, current_app.extensions[EXTENSION])
