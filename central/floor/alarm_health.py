"""How well the alarms themselves work (pure), against the figures of ISA-18.2 and EEMUA 191.

Those figures are for one operator: about one alarm in ten minutes, a flood above ten in ten minutes that ends below five, no
alarm that chatters (three times within a minute), fewer than five that stand for a day, 80 / 15 / 5 % of low, medium and
high priority.
"""

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from central.floor.alarms import Priority

TEN_MINUTES = timedelta(minutes=10)
FLOOD_BEGINS_ABOVE, FLOOD_ENDS_BELOW = 10, 5
CHATTER_TIMES, CHATTER_WITHIN = 3, timedelta(minutes=1)
STALE_AFTER = timedelta(hours=24)
NOISIEST = 10
FIRST_OUT_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True)
class Raise:
    """One activation: of which alarm of which thing, when, how grave."""

    alarm: str
    thing: str
    at: datetime
    priority: Priority


@dataclass(frozen=True)
class Flood:
    """A stretch in which more alarms came than a person can take in; `ended_at` None: it goes on."""

    began_at: datetime
    ended_at: datetime | None
    alarms: int


@dataclass(frozen=True)
class Health:
    """per_hour: activations an hour; busiest: most in ten minutes; shares: priority → share of all activations."""

    raised: int
    per_hour: float
    busiest: int
    floods: tuple[Flood, ...]
    noisiest: tuple[tuple[str, int], ...]
    chattering: tuple[str, ...]
    shares: Mapping[Priority, float]


def health(raises: Iterable[Raise], since: datetime, now: datetime) -> Health:
    """The figures of the activations between two moments."""
    inside = sorted((one for one in raises if since <= one.at <= now), key=lambda one: one.at)
    times = [one.at for one in inside]
    hours = max((now - since).total_seconds() / 3600, 1e-9)
    by_priority = Counter(one.priority for one in inside)
    return Health(
        raised=len(inside),
        per_hour=len(inside) / hours,
        busiest=_most_within(times, TEN_MINUTES),
        floods=floods(times, now),
        noisiest=tuple(Counter(one.alarm for one in inside).most_common(NOISIEST)),
        chattering=_chattering(inside),
        shares={priority: count / len(inside) for priority, count in sorted(by_priority.items())},
    )


def floods(times: Iterable[datetime], now: datetime) -> tuple[Flood, ...]:
    """Floods among activation times in rising order: above ten in ten minutes, until there are fewer than five."""
    watch = _FloodWatch()
    for moment in times:
        watch.pass_time(moment)
        watch.add(moment)
    watch.pass_time(now)
    return watch.found()


@dataclass
class _FloodWatch:
    """The activations of the last ten minutes, and the flood they are part of."""

    recent: deque[datetime] = field(default_factory=deque)
    over: list[Flood] = field(default_factory=list)
    began: datetime | None = None
    count: int = 0

    def add(self, moment: datetime) -> None:
        self.recent.append(moment)
        self.count += 1
        if self.began is None and len(self.recent) > FLOOD_BEGINS_ABOVE:
            self.began, self.count = self.recent[0], len(self.recent)

    def pass_time(self, moment: datetime) -> None:
        while self.recent and moment - self.recent[0] >= TEN_MINUTES:
            left = self.recent.popleft()
            if self.began is not None and len(self.recent) < FLOOD_ENDS_BELOW:
                self.over.append(Flood(self.began, left + TEN_MINUTES, self.count))
                self.began = None

    def found(self) -> tuple[Flood, ...]:
        going_on = [] if self.began is None else [Flood(self.began, None, self.count)]
        return (*self.over, *going_on)


def first_out(raises: Sequence[Raise]) -> dict[str, list[list[Raise]]]:
    """Thing → its alarms in groups that began together; the first of each group is what set the others off, perhaps."""
    groups: dict[str, list[list[Raise]]] = {}
    for one in sorted(raises, key=lambda each: each.at):
        of_thing = groups.setdefault(one.thing, [])
        if of_thing and one.at - of_thing[-1][0].at <= FIRST_OUT_WITHIN:
            of_thing[-1].append(one)
        else:
            of_thing.append([one])
    return groups


def _most_within(times: Sequence[datetime], span: timedelta) -> int:
    window: deque[datetime] = deque()
    most = 0
    for moment in times:
        window.append(moment)
        while moment - window[0] >= span:
            window.popleft()
        most = max(most, len(window))
    return most


def _chattering(raises: Sequence[Raise]) -> tuple[str, ...]:
    by_alarm: dict[str, list[datetime]] = {}
    for one in raises:
        by_alarm.setdefault(one.alarm, []).append(one.at)
    return tuple(sorted(name for name, times in by_alarm.items() if _most_within(times, CHATTER_WITHIN) >= CHATTER_TIMES))
