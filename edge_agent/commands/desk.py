"""Takes commands, has each carried out on a thread of its own, and says what is written down until the centre has it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event as Flag
from threading import Thread
from typing import Any

import structlog

from edge_agent.clock import DeviceClock
from edge_agent.commands.ability import Ability, Order
from edge_agent.commands.journal import Journal
from edge_agent.errors import EdgeError, OutboxError
from protocols.messages.command import Command

LOOK_S = 0.5
SAY_AGAIN_S = 10.0
STOP_TIMEOUT_S = 2.0
MOST_AT_ONCE = 8
MOST_WHY_CHARACTERS = 400
UNKNOWN_END = "the device was restarted while it was carried out: look whether it happened, it is not done again"
WRONG_CLOCK = "the device's clock is not set, so it cannot know whether the command has expired"

_log = structlog.get_logger()


@dataclass(frozen=True)
class _Acknowledged:
    boot: str
    numbers: Sequence[int]


@dataclass(frozen=True)
class _Connected:
    """What was said may be lost."""


@dataclass(frozen=True)
class _Written:
    """A reply was written down."""


_Heard = Command | _Acknowledged | _Connected | _Written


class Desk:
    """`say` publishes one reply. Orders are heard on any thread, the journal is kept by the one in `run`."""

    def __init__(
        self, journal: Journal, abilities: Mapping[str, Ability], clock: DeviceClock, say: Callable[[bytes], object]
    ) -> None:
        self._journal, self._abilities, self._clock, self._say = journal, abilities, clock, say
        self._heard: SimpleQueue[_Heard] = SimpleQueue()
        self._deadlines_s: dict[str, float] = {}
        self._accepted: list[Command] = []  # not begun yet: each is tried until it could be marked as begun
        self._at_work: dict[str, Thread] = {}
        self._has_left = False
        self._said_upto, self._said_s = 0, 0.0

    def ask(self, command: Command) -> None:
        """A genuine command was heard."""
        self._heard.put(command)

    def acknowledged(self, boot: str, numbers: Sequence[int]) -> None:
        """The centre has these replies."""
        self._heard.put(_Acknowledged(boot, numbers))

    def connected(self) -> None:
        """What was said over the last connection may be lost."""
        self._heard.put(_Connected())

    def run(self, stop: Flag) -> None:
        """Work until `stop` is set; first settle what a crash left open."""
        self.resume()
        while not stop.is_set():
            self.step(LOOK_S)
        for thread in list(self._at_work.values()):
            thread.join(STOP_TIMEOUT_S)
        self._has_left = True

    def resume(self) -> None:
        """What had begun before this start is not begun again; what had not, is."""
        for left in self._journal.unfinished():
            if left.has_begun:
                self._end(left.command.id, "failed", why=UNKNOWN_END)
            else:
                self._accepted.append(left.command)

    def step(self, wait_s: float) -> None:
        """Take what was heard, waiting so long for it, begin it, give up what takes too long, say what there is to say."""
        for heard in self._all_heard(wait_s):
            self._written_down(partial(self._take, heard))
        for command in list(self._accepted):
            self._written_down(partial(self._begin, command))
        self._give_up()
        self._speak()

    def _all_heard(self, wait_s: float) -> list[_Heard]:
        heard: list[_Heard] = []
        with suppress(Empty):
            heard.append(self._heard.get(timeout=wait_s))
            while True:
                heard.append(self._heard.get_nowait())
        return heard

    def _written_down(self, act: Callable[[], None]) -> None:
        try:
            act()
        except OutboxError as error:
            _log.error("order_not_written_down", why=str(error), remedy="nothing is done before it can be")

    def _take(self, heard: _Heard) -> None:
        match heard:
            case Command():
                if self._journal.take(heard):
                    self._accepted.append(heard)
            case _Acknowledged(boot, numbers):
                self._journal.acknowledged(boot, numbers)
            case _Connected():
                self._said_upto = 0

    def _begin(self, command: Command) -> None:
        """Refuse, let expire, or mark as begun and carry out."""
        refusal = self._refusal(command)
        if refusal is not None:
            self._end(command.id, "refused", why=refusal)
        elif self._clock.now().at > command.expires_at:
            self._end(command.id, "expired", why=f"it came after {command.expires_at:%Y-%m-%d %H:%M:%S} UTC")
        elif self._journal.say(command.id, "running", progress=0.0):
            self._deadlines_s[command.id] = self._clock.monotonic_s() + command.timeout_s
            thread = Thread(target=self._carry_out, args=(command,), name=f"command {command.action}", daemon=True)
            self._at_work[command.id] = thread
            thread.start()
        self._accepted.remove(command)

    def _refusal(self, command: Command) -> str | None:
        ability = self._abilities.get(command.action)
        if ability is None:
            return f"this device cannot {command.action}; it can: {', '.join(sorted(self._abilities)) or 'nothing'}"
        if ability.needs_person and not command.confirmed_by:
            return f"{command.action} needs a person who confirms it"
        if command.source not in ability.targets and (command.source is not None or ability.targets):
            return f"{command.action} needs one of: {', '.join(ability.targets) or 'no source'}"
        if len(self._deadlines_s) >= MOST_AT_ONCE:
            return f"{MOST_AT_ONCE} commands are being carried out; ask again"
        return WRONG_CLOCK if self._clock.now().clock == "bad" else None

    def _carry_out(self, command: Command) -> None:
        deadline_s = self._clock.monotonic_s() + command.timeout_s
        order = Order(
            command,
            left_s=lambda: deadline_s - self._clock.monotonic_s(),
            progress=lambda share: self._note(command.id, "running", progress=round(share, 3)),
        )
        _log.info("command_begun", id=command.id, action=command.action, source=command.source)
        try:
            result = self._abilities[command.action].do(order)
        except EdgeError as error:
            self._end(command.id, "failed", why=str(error))
        except Exception as error:  # an action that fails in its own words must not be left without an end
            _log.exception("command_failed", id=command.id, action=command.action)
            self._end(command.id, "failed", why=f"{type(error).__name__}: {error}")
        else:
            self._end(command.id, "done", result=dict(result))

    def _give_up(self) -> None:
        """An action looks to its time itself; this is for one that hangs."""
        now_s = self._clock.monotonic_s()
        for command_id in [name for name, deadline_s in list(self._deadlines_s.items()) if now_s > deadline_s + 1]:
            self._end(command_id, "failed", why="it did not end in time; whether it still does is not known")

    def _end(self, command_id: str, state: str, **more: Any) -> None:
        if "why" in more:
            more["why"] = more["why"][:MOST_WHY_CHARACTERS]
        _log.info("command_ended", id=command_id, state=state, why=more.get("why"))
        self._note(command_id, state, **more)
        self._deadlines_s.pop(command_id, None)
        self._at_work.pop(command_id, None)

    def _note(self, command_id: str, state: str, **more: Any) -> None:
        if self._has_left:
            return  # the file is closed: the next start says that the end is not known
        try:
            self._journal.say(command_id, state, **more)
        except OutboxError as error:
            _log.error("reply_not_written_down", id=command_id, state=state, why=str(error))
        self._heard.put(_Written())

    def _speak(self) -> None:
        """Send what was not sent over this connection; after a while without an answer, all again."""
        now_s = self._clock.monotonic_s()
        if now_s - self._said_s >= SAY_AGAIN_S:
            self._said_upto = 0
        waiting = self._journal.waiting(self._said_upto)
        if self._said_upto == 0:
            self._said_s = now_s
        for number, payload in waiting:
            self._say(payload)
            self._said_upto = number
