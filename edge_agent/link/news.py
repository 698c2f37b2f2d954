"""Which alarms and defects have been told ahead of a backlog, and which next (pure): the newest first.

They are sent again in their place, where they have no effect, so that nothing here need be exact or outlive a connection.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

MAX_FLIGHTS = 2  # a broker's answer each, and old news a word of the centre: what a week has left must not delay new news


@dataclass(frozen=True)
class Look:
    """Urgent events after a sequence and before another (None: no end)."""

    after: int
    before: int | None = None

    @property
    def is_old(self) -> bool:
        """Whether newer ones have been told."""
        return self.before is not None


@dataclass(frozen=True)
class News:
    """What was told: all urgent events up to `newest`, but for what lies in the looks that are `left`, the newest last."""

    newest: int = 0
    left: tuple[Look, ...] = ()


def looks(news: News, sent: int) -> list[Look]:
    """Where to look for what is not told, best first; what the order lane has `sent` needs no news."""
    return [Look(max(news.newest, sent)), *(Look(max(look.after, sent), look.before) for look in reversed(news.left))]


def told(news: News, look: Look, sequences: Sequence[int]) -> News:
    """After a look found these, in falling order, and they were sent; none: nothing is left there."""
    left = tuple(one for one in news.left if one.before != look.before)
    if not sequences:
        return replace(news, left=left)
    newest = sequences[0] if look.before is None else news.newest
    return News(newest, (*left, Look(look.after, sequences[-1])))
