"""Reads along what the devices of a site say, and counts what is wrong with it: nothing is answered, nothing is changed."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from central.ingest import verdicts
from central.ingest.accept import Accepted, Misplaced, News, Quarantined
from central.ingest.registry import Registry
from protocols import topics

LATE_AFTER = timedelta(minutes=10)
DOWN = frozenset({"ack", "desired", "commands"})
MOST_EXAMPLES = 20


@dataclass
class DeviceLint:
    """What was heard of one device. late: events that occurred long before; again: events that came before in this run;
    out_of_order: batches that begin beyond what came before them."""

    messages: int = 0
    events: int = 0
    late: int = 0
    again: int = 0
    out_of_order: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    reached: int | None = None

    @property
    def is_clean(self) -> bool:
        """Whether everything could be read and stood in order."""
        return not self.faults and not self.out_of_order


@dataclass
class Lint:
    """The run. examples: the first few things that were wrong, for people: device or topic, code, detail."""

    site: str
    registry: Registry
    devices: dict[str, DeviceLint] = field(default_factory=dict)
    examples: list[tuple[str, str, str]] = field(default_factory=list)
    unknown_topics: Counter[str] = field(default_factory=Counter)

    @property
    def is_clean(self) -> bool:
        """Whether anything was heard, and nothing was wrong with it."""
        return bool(self.devices) and not self.unknown_topics and all(one.is_clean for one in self.devices.values())

    def hear(self, topic: str, payload: bytes, properties: dict[str, str], now: datetime) -> None:
        """One message below the site's branch."""
        if self._is_of_the_centre(topic):
            return
        parsed, verdict = verdicts.judge(topic, payload, properties, self.registry, now)
        if parsed is None:
            self.unknown_topics[topic] += 1
            self._example(topic, "bad_topic", "no such topic: compare docs/reference/wire.md")
            return
        device = self.devices.setdefault(parsed.device, DeviceLint())
        device.messages += 1
        if isinstance(verdict, Quarantined | Misplaced):
            device.faults[verdict.reason] += 1
            self._example(parsed.device, verdict.reason, verdict.detail)
        elif isinstance(verdict, Accepted):
            self._take(parsed.device, device, verdict, now)
        elif isinstance(verdict, News):
            device.events += len(verdict.taken)

    def _take(self, name: str, device: DeviceLint, batch: Accepted, now: datetime) -> None:
        for poison in batch.poison:
            device.faults[poison.reason] += 1
            self._example(name, poison.reason, f"{poison.sequence}: {poison.detail}")
        reached = device.reached
        if reached is not None and batch.first > reached + 1:
            device.out_of_order += 1
            self._example(name, "out_of_order", f"{batch.first} came where {reached + 1} was due")
        new = [taken for taken in batch.taken if reached is None or taken.event.sequence > reached]
        device.events += len(new)
        device.again += len(batch.taken) - len(new)
        device.late += sum(taken.at < now - LATE_AFTER for taken in new)
        device.reached = max(batch.last, reached or 0)

    def _is_of_the_centre(self, topic: str) -> bool:
        parts = topic.removeprefix(f"{topics.ROOT}/edge/{self.site}/").split("/")
        return len(parts) == 3 and parts[1] == "down" and parts[2] in DOWN

    def _example(self, who: str, code: str, detail: str) -> None:
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append((who, code, detail))
