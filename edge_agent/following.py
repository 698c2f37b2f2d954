"""What the centre asks of this device, put together: the twin, the commands, the models, each on a thread of its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Event as Flag
from typing import Literal

from edge_agent.abilities import abilities
from edge_agent.commands.ability import Ability
from edge_agent.commands.desk import Desk
from edge_agent.commands.handover import Handover
from edge_agent.commands.journal import Journal
from edge_agent.config import EdgeConfig, signing_key
from edge_agent.link.connection import Connection
from edge_agent.link.papers import house_context
from edge_agent.logs import RecentLogs
from edge_agent.observer import Observer
from edge_agent.releases.download import Fetcher
from edge_agent.releases.releases import Bench, Releases
from edge_agent.twin import Applied, Twin
from edge_agent.workshop import Workshop
from protocols.messages.command import Command
from protocols.messages.device import Desired

Work = Callable[[Flag], None]


@dataclass(frozen=True)
class Following:
    """Acts on orders (`link.orders.Orders`). more: work on further threads, by name."""

    twin: Twin
    desk: Desk
    able: Mapping[str, Ability]
    more: Mapping[str, Work] = field(default_factory=dict)

    def heard(self, word: Desired | Command) -> None:
        """A genuine word for this device."""
        if isinstance(word, Desired):
            self.twin.want(word)
        else:
            self.desk.ask(word)

    def acknowledged(self, boot: str, numbers: Sequence[int]) -> None:
        """The centre has these replies."""
        self.desk.acknowledged(boot, numbers)

    def connected(self) -> None:
        """What was said over the last connection may be lost."""
        self.desk.connected()

    @property
    def actions(self) -> Mapping[str, Sequence[str]]:
        """What this device can be commanded to do → what that can be about."""
        return {action: ability.targets for action, ability in self.able.items()}

    def work(self) -> Mapping[str, Work]:
        """What is to be run on a thread each, by name."""
        return {"twin": self.twin.run, "commands": self.desk.run, **self.more}


def following(
    own: EdgeConfig, workshop: Workshop, observers: Sequence[Observer], applied: Applied, recent: RecentLogs
) -> Following:
    """The parts of a live agent that act on orders; `own` is the configuration as the device's file has it.

    Nothing is said while the broker is away: the twin and unanswered commands are heard again with the next connection.
    """
    say = partial(_said, workshop.connection)
    by_id = {observer.source_id: observer for observer in observers}
    twin = Twin(workshop, own.task, by_id, partial(say, "reported"), applied)
    handover = Handover(workshop.queue, workshop.clock, workshop.connection.nudge)
    able = abilities(own, twin, handover, recent, workshop.clock, workshop.stop)
    desk = Desk(Journal(workshop.file, workshop.clock), able, workshop.clock, partial(say, "replies"))
    releases = _releases(own, workshop, twin)
    twin.models = releases
    return Following(twin, desk, able, {"releases": releases.run})


def _releases(own: EdgeConfig, workshop: Workshop, twin: Twin) -> Releases:
    """What follows the twin's models; tasks are built on them as the twin has set them."""
    authority, clock = own.broker.authority_file, workshop.clock
    knows_the_time = clock.now().clock != "bad"
    tls = None if authority is None else house_context(authority, knows_the_time=knows_the_time)
    fetcher = Fetcher(own.device, signing_key(own), lambda: clock.now().at, workshop.stop.is_set, tls)
    bench = Bench(twin.prove, twin.rebuild, twin.report)
    return Releases(workshop.slots, bench, fetcher.fetch, clock.monotonic_s, own.model_trial_s)


def _said(connection: Connection, branch: Literal["reported", "replies"], payload: bytes) -> None:
    if connection.is_connected:
        connection.publish(branch, payload, retain=branch == "reported")
