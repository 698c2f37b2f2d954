"""When to send which events, when to send them again, and when to give one up: the sender's rules without its wires.

A value and functions from (window, what happened, now) to the next window. Everything up to `acknowledged` is on the
centre's disk; everything up to `sent` has been published since the last rewind. Times are seconds of a monotonic clock.

- A gap, `patience_s` without progress, or a new epoch of the centre rewinds `sent` to `acknowledged`.
- Three rewinds without progress: the first batch in flight goes event by event (`singly_upto`).
- A single event is set aside after eight rounds in which the centre answered a *probe* (an event that it has already, or
  the one behind) but not the event itself. Without that proof of life the sender only waits longer: a centre that is away
  must not cost good events.
"""

from dataclasses import dataclass, replace

MAX_FLIGHTS = 20
MAX_STALLS = 3
MAX_STRIKES = 8  # at three, 1 of 300 simulated outages that drop two of five messages cost a good event
GAP_ECHO_S = 1.0  # gap replies of other batches that were in flight arrive within this time
LONGEST_PATIENCE_S = 60.0
SLOW_RETRY_S = 5.0
FIRST_REFUSAL_S = 5.0
LONGEST_REFUSAL_S = 300.0


@dataclass(frozen=True)
class Flight:
    """A batch that was published and is not acknowledged."""

    first: int
    last: int


@dataclass(frozen=True)
class Window:
    """What the sender knows. `absent`: nobody listens at the other end, so silence there says nothing about our events."""

    acknowledged: int
    sent: int
    patience_s: float = 5.0
    flights: tuple[Flight, ...] = ()
    moved_s: float = 0.0
    rewound_s: float = float("-inf")
    stalls: int = 0
    singly_upto: int = 0
    strikes: int = 0
    is_probed: bool = False
    is_alive: bool = False
    absent: bool = False
    offline: bool = False
    refusals: int = 0
    not_before_s: float = float("-inf")


@dataclass(frozen=True)
class Turn:
    """What may be sent now: at most `count` events after `after`; with `probe`, something behind it that proves life."""

    after: int
    count: int
    probe: bool


def opened(acknowledged: int, patience_s: float) -> Window:
    """The window of a sender that starts."""
    return Window(acknowledged, acknowledged, patience_s)


def turn(window: Window, last: int, now_s: float, batch_events: int) -> Turn | None:
    """What to send next, None when nothing may or need be sent; `last` is the newest sequence in the outbox."""
    singly = window.acknowledged < window.singly_upto
    capacity = 1 if singly or window.absent else MAX_FLIGHTS
    if window.sent >= last or now_s < window.not_before_s or len(window.flights) >= capacity:
        return None
    return Turn(window.sent, 1 if singly else batch_events, probe=singly and window.stalls > 0)


def published(window: Window, first: int, last: int, now_s: float, probed: bool = False) -> Window:
    """A batch has been handed to the broker, and after it a probe when `probed`."""
    moved_s = now_s if not window.flights else window.moved_s
    return replace(window, sent=last, flights=(*window.flights, Flight(first, last)), moved_s=moved_s, is_probed=probed)


def accepted(window: Window) -> Window:
    """The broker took it and somebody listens (reason 0): nothing more is certain."""
    if not window.refusals and not window.absent:
        return window
    return replace(window, refusals=0, absent=False, not_before_s=float("-inf"))


def acknowledged(window: Window, upto: int, now_s: float) -> Window:
    """The centre has everything up to `upto`."""
    here = replace(accepted(window), offline=False, is_alive=window.is_probed)
    if upto <= window.acknowledged:
        return here
    return replace(
        here,
        acknowledged=upto,
        sent=max(window.sent, upto),
        flights=tuple(flight for flight in window.flights if flight.last > upto),
        moved_s=now_s,
        stalls=0,
        strikes=0,
        is_probed=False,
        is_alive=False,
    )


def gap(window: Window, upto: int, now_s: float) -> Window:
    """The centre has everything up to `upto` and got something further on: send again from there."""
    moved = acknowledged(window, upto, now_s)
    if _is_single(window) and upto <= window.acknowledged:
        return moved  # the probe's answer: the round still runs to its end
    if now_s - window.rewound_s < GAP_ECHO_S:
        return moved
    return _stalled(moved, now_s) if moved.acknowledged == window.acknowledged else rewound(moved, now_s)


def rewound(window: Window, now_s: float) -> Window:
    """Send again everything that is not acknowledged."""
    return replace(
        window, sent=window.acknowledged, flights=(), rewound_s=now_s, moved_s=now_s, is_probed=False, is_alive=False
    )


def reconnected(window: Window, now_s: float) -> Window:
    """The broker is there again, perhaps another one: what was in flight is unknown."""
    return rewound(window if window.refusals else replace(window, absent=False, not_before_s=float("-inf")), now_s)


def centre_said(window: Window, online: bool, is_new_epoch: bool, now_s: float) -> Window:
    """The centre's own state: away, back, or back with another past."""
    came_back = online and (window.offline or window.absent)
    told = replace(window, offline=not online, absent=window.absent and not online)
    if not online:
        return replace(rewound(told, now_s), not_before_s=now_s + LONGEST_PATIENCE_S / 2)
    if came_back:
        told = replace(told, not_before_s=float("-inf"))
    return rewound(told, now_s) if came_back or is_new_epoch else told


def nobody_there(window: Window, now_s: float) -> Window:
    """The broker had no subscriber for it (reason 16): keep everything, knock again in a while."""
    return replace(rewound(window, now_s), absent=True, not_before_s=now_s + SLOW_RETRY_S)


def refused(window: Window, now_s: float) -> Window:
    """The broker does not let us publish (reason 128 and above): stop, and try again ever later."""
    wait_s = min(LONGEST_REFUSAL_S, FIRST_REFUSAL_S * 2**window.refusals)
    return replace(rewound(window, now_s), refusals=window.refusals + 1, not_before_s=now_s + wait_s)


def due(window: Window, now_s: float) -> float | None:
    """When there is something to do even if nothing happens; None when only a happening can change anything."""
    if window.flights:
        return window.moved_s + _patience_s(window)
    return window.not_before_s if window.not_before_s > now_s else None


def ticked(window: Window, now_s: float) -> tuple[Window, int | None]:
    """Time has passed. Second value: the sequence to set aside, when the patience with a single event is at its end."""
    if not window.flights or now_s < window.moved_s + _patience_s(window):
        return window, None
    if not _is_single(window) or not window.is_alive:
        return _stalled(window, now_s), None
    strikes = window.strikes + 1
    if strikes < MAX_STRIKES:
        return replace(rewound(window, now_s), strikes=strikes), None
    return replace(rewound(window, now_s), strikes=0), window.flights[0].first


def _stalled(window: Window, now_s: float) -> Window:
    if window.absent or window.offline or not window.flights:
        return rewound(window, now_s)
    stalls = window.stalls + 1
    singly_upto = window.flights[0].last if stalls >= MAX_STALLS else window.singly_upto
    return replace(rewound(window, now_s), stalls=stalls, singly_upto=max(singly_upto, window.singly_upto))


def _is_single(window: Window) -> bool:
    return bool(window.flights) and window.flights[0].first == window.flights[0].last <= window.singly_upto


def _patience_s(window: Window) -> float:
    return min(LONGEST_PATIENCE_S, window.patience_s * 2.0 ** max(0, window.stalls - MAX_STALLS))
