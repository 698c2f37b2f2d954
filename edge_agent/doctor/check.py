"""One thing that was looked at."""

from collections.abc import Callable
from dataclasses import dataclass

from edge_agent.errors import EdgeError


@dataclass(frozen=True)
class Check:
    """`text` says what is; `remedy` what to do when it is not well and `text` does not say so."""

    name: str
    ok: bool
    text: str
    remedy: str | None = None


def guarded(name: str, check: Callable[[], Check]) -> Check:
    """What `check` finds; an error of ours is a finding too."""
    try:
        return check()
    except (EdgeError, OSError) as error:
        return Check(name, False, str(error))
