"""Plays the centre to one device: silence, acknowledgements, a gap, a new epoch, an unsigned twin; and watches what it does.

Needs a broker of its own, on which nobody else is the centre. The device must conclude something every few seconds.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import Empty, Queue
from typing import cast

from central.bus import Address, Bus, Listening, Message
from central.conformance import rules
from central.conformance.hearing import Hearing, Range
from central.conformance.rules import Outcome, Result, Rule
from protocols import codec, topics
from protocols.envelope import MAX_STATE_BYTES, Acknowledgement
from protocols.errors import ProtocolError
from protocols.messages.device import Birth, CentralState, Desired, Reported, Will
from protocols.signing import PrivateKey, PublicKey, sign

UNSIGNED_VERSION, SIGNED_VERSION = 1_000_001, 2
SETTLED_S = 1.0
PROMPT_S = 3.0  # sooner than the patience after which a device goes back by itself
LOOK_S = 0.1
_State = Birth | Will | Reported
_SAID = {"status": cast("type[_State]", Birth | Will), "reported": cast("type[_State]", Reported)}


@dataclass(frozen=True)
class Candidate:
    """The device to examine, as the house would have it on record."""

    site: str
    device: str
    key: PublicKey


class Examination:
    """One run. `wait_s`: how long the device has for each thing that it should do."""

    def __init__(self, candidate: Candidate, key: PrivateKey, wait_s: float, say: Callable[[str], None]) -> None:
        self._candidate, self._key, self._wait_s, self._say = candidate, key, wait_s, say
        self._heard: Queue[Message] = Queue()
        self._hearing = Hearing(candidate.key, candidate.device)
        self._results: dict[Rule, Result] = {}
        self._versions: list[int] = []
        self._birth: Birth | None = None
        self._acknowledged = 0
        self._acknowledges = False
        self._epoch = "conformance-1"

    def run(self, address: Address) -> list[Result]:
        """Every rule with its outcome, in the order of `rules.RULES`. Raises BusError when the broker is away."""
        pattern = topics.up(self._candidate.site, self._candidate.device, "events").removesuffix("/events") + "/#"
        listening = Listening(pattern, self._heard.put, session_s=0)
        with Bus(address, "conformance", listening=listening, connected=self._arrive) as bus:
            self._bus = bus
            for scenario in (self._silence, self._onward, self._gap, self._new_epoch, self._twins):
                scenario()
        return [self._results.get(rule) or self._of_hearing(rule) for rule in rules.RULES]

    def _arrive(self, bus: Bus) -> None:
        bus.publish(topics.CENTRAL_STATE, self._state(), retain=True)
        self._desire(bus, 1, signed=True)

    def _silence(self) -> None:
        """Nothing is acknowledged: whatever was sent must come again."""
        self._say("silent: the device must send again what nobody acknowledged")
        began = self._until(lambda: bool(self._hearing.batches))
        if not began:
            self._note(rules.PUBACK, "not_seen", f"no batch came within {self._wait_s:g} s")
            return
        first = self._hearing.batches[0].first
        again = self._until(lambda: sum(batch.first == first for batch in self._hearing.batches) > 1)
        self._note(rules.PUBACK, "kept" if again else "broken", f"{first} came {'again' if again else 'once only'}")

    def _onward(self) -> None:
        """Everything is acknowledged: the device must go on behind it."""
        self._say("acknowledging: the device must go on")
        self._acknowledges = True
        before = self._reached
        went_on = self._until(lambda: self._acknowledged > before and self._reached >= self._acknowledged)
        came_after = went_on and self._until(lambda: self._acknowledged > before + 1)
        self._note(rules.ONWARD, "kept" if came_after else "broken", f"acknowledged up to {self._acknowledged}")

    def _gap(self) -> None:
        """A gap is answered to something that came: the device must go back."""
        self._say("a gap: the device must go back to it")
        self._note_return(rules.GAP, lambda: self._answer(gap=self._acknowledged))

    def _new_epoch(self) -> None:
        """The centre was restored: the device must go back to what was acknowledged."""
        self._say("a new epoch: the device must go back to what was acknowledged")
        self._epoch = "conformance-2"
        self._note_return(rules.EPOCH, lambda: self._bus.publish(topics.CENTRAL_STATE, self._state(), retain=True))

    def _note_return(self, rule: Rule, say: Callable[[], None]) -> None:
        """Hold back acknowledgements until something is on its way, say the word, and see it sent again at once."""
        self._acknowledges = False
        if not self._until(lambda: self._reached > self._acknowledged):
            self._note(rule, "not_seen", f"no event came within {self._wait_s:g} s")
            return
        self._until(lambda: False, SETTLED_S)  # what was in flight has arrived
        known = len(self._hearing.batches)
        say()
        back = self._until(lambda: any(self._goes_back(batch) for batch in self._hearing.batches[known:]), PROMPT_S)
        where = self._acknowledged + 1
        self._note(rule, "kept" if back else "broken", f"{where} {'came again' if back else 'did not come again'}")
        self._acknowledges = True
        self._answer(upto=self._acknowledge())

    def _goes_back(self, batch: Range) -> bool:
        return batch.first <= self._acknowledged + 1 <= batch.last

    def _twins(self) -> None:
        """A twin without a signature must change nothing; a signed one is echoed by a device that has a twin."""
        self._say("an unsigned twin: the device must refuse it")
        self._desire(self._bus, UNSIGNED_VERSION, signed=False)
        took = self._until(lambda: UNSIGNED_VERSION in self._versions, self._wait_s / 2)
        self._note(rules.TWIN, "broken" if took else "kept", "it took the unsigned one" if took else "it stayed as it was")
        self._desire(self._bus, SIGNED_VERSION, signed=True)
        echoed = self._until(lambda: SIGNED_VERSION in self._versions, self._wait_s / 2)
        outcome: Outcome = "kept" if echoed else "broken" if self._versions else "not_seen"
        self._note(rules.ECHO, outcome, f"versions reported: {sorted(set(self._versions)) or 'none'}")

    def _until(self, condition: Callable[[], bool], wait_s: float | None = None) -> bool:
        deadline_s = time.monotonic() + (self._wait_s if wait_s is None else wait_s)
        while not condition():
            if time.monotonic() > deadline_s:
                return False
            with suppress(Empty):
                self._take(self._heard.get(timeout=LOOK_S))
        return True

    def _take(self, message: Message) -> None:
        self._bus.acknowledge(message)
        branch = message.topic.rpartition("/")[2]
        if branch == "events":
            self._hearing.take(message.payload, message.properties)
            if self._acknowledges and self._hearing.batches:
                self._answer(upto=self._acknowledge())
        elif branch in _SAID and message.payload:
            with suppress(ProtocolError):
                self._note_said(codec.decode(message.payload, _SAID[branch], MAX_STATE_BYTES))

    def _note_said(self, said: _State) -> None:
        if isinstance(said, Birth):
            self._birth = said
        elif isinstance(said, Reported):
            self._versions.append(said.version)

    def _acknowledge(self) -> int:
        """The contiguous prefix of all that came, as a centre would have it."""
        for batch in sorted(self._hearing.batches, key=lambda one: one.first):
            if batch.first <= self._acknowledged + 1 or not self._acknowledged:
                self._acknowledged = max(self._acknowledged, batch.last)
        return self._acknowledged

    @property
    def _reached(self) -> int:
        return max((batch.last for batch in self._hearing.batches), default=0)

    def _answer(self, upto: int | None = None, gap: int | None = None) -> None:
        boot = self._hearing.batches[-1].boot
        topic = topics.down(self._candidate.site, self._candidate.device, "ack")
        self._bus.publish(topic, codec.encode(Acknowledgement(boot=boot, upto=upto, gap=gap)))

    def _desire(self, bus: Bus, version: int, *, signed: bool) -> None:
        payload = codec.encode(Desired(device=self._candidate.device, version=version))
        topic = topics.down(self._candidate.site, self._candidate.device, "desired")
        bus.publish(topic, payload, retain=signed, properties={"sig": sign(self._key, payload)} if signed else {})

    def _state(self) -> bytes:
        return codec.encode(CentralState(online=True, epoch=self._epoch, time=codec.wire_time(datetime.now(UTC))))

    def _note(self, rule: Rule, outcome: Outcome, detail: str) -> None:
        self._results[rule] = Result(rule, outcome, detail)

    def _of_hearing(self, rule: Rule) -> Result:
        """A rule that every message is held to."""
        if rule is rules.BIRTH:
            seen: Outcome = "kept" if self._birth else "broken"
            return Result(rule, seen, f"boot {self._birth.boot}" if self._birth else "no birth was heard")
        if fault := self._hearing.faults.get(rule):
            return Result(rule, "broken", fault)
        count = len(self._hearing.batches)
        return Result(rule, "kept" if count else "not_seen", f"{count} batches")
