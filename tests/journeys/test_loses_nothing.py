"""Outages of every part between a device and the centre: nothing is lost, nothing is applied twice."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from edge_agent.link.publisher import Publisher
from edge_agent.outbox.queue import Queue
from tests.integration.edge_parts import DEVICE, Keys, entries, entry, opened_outbox, running_link
from tests.makers import NOON
from tests.parts.ingest_process import IngestProcess, running_ingest
from tests.parts.mosquitto import Mosquitto
from tests.parts.ports import eventually

PATIENCE_S = 1.0


@dataclass
class Journey:
    """A device with its outbox, a broker and a centre; each can fail."""

    queue: Queue
    publisher: Publisher
    broker: Mosquitto
    centre: IngestProcess

    def observe(self, upto: int) -> None:
        """The device concludes shelf counts up to that sequence, ten a commit."""
        for first in range(self.queue.last + 1, upto + 1, 10):
            self.queue.append(entries(first, min(first + 9, upto)), NOON)
            self.publisher.nudge()

    def poison(self, data: bytes) -> None:
        """The device's next event is one that the centre cannot understand."""
        self.queue.append([replace(entry(self.queue.last + 1), data=data)], NOON)
        self.publisher.nudge()

    def arrived(self, count: int, within_s: float = 30) -> None:
        """Waits until so many events are stored."""
        eventually(lambda: self.centre.landed(DEVICE) >= count, within_s, f"{count} events ({self.centre.said()})")

    def assert_all_landed_once(self, upto: int) -> None:
        """Every sequence is stored, none was applied twice, the ledger agrees and the outbox is empty."""
        whole = list(range(1, upto + 1))
        assert self.centre.sequences(DEVICE) == whole
        assert self.centre.counts_taken(DEVICE) == whole
        ledger = self.centre.ledger(DEVICE)
        assert (ledger.cursor, ledger.stored, ledger.quarantined, ledger.declared_lost) == (upto, upto, 0, 0)
        eventually(lambda: self.queue.state().count == 0, 20, "an empty outbox")


@pytest.fixture
def journey(broker: Mosquitto, tmp_path: Path) -> Iterator[Journey]:
    """Everything runs."""
    keys = Keys()
    with (
        running_ingest(tmp_path / "centre", broker.port, DEVICE, keys.device) as centre,
        opened_outbox(tmp_path / "outbox.db") as (file, queue),
    ):
        keys.centre = centre.key
        with running_link(file, queue, keys, broker.port, PATIENCE_S) as publisher:
            yield Journey(queue, publisher, broker, centre)


def test_what_was_seen_while_the_broker_was_down_lands_once_in_order(journey: Journey) -> None:
    """The broker is stopped for a while; the device goes on observing."""
    journey.observe(50)
    journey.arrived(50)
    journey.broker.stop()
    journey.observe(400)
    journey.broker.start()
    journey.observe(450)
    journey.arrived(450)
    journey.assert_all_landed_once(450)


@pytest.mark.slow
def test_nothing_is_lost_when_centre_and_broker_are_killed_twice_each(journey: Journey) -> None:
    """kill -9 of the centre twice and of the broker twice during 3,000 events: 0 lost, 0 applied twice."""
    for victim, upto in ((journey.centre, 600), (journey.broker, 1200), (journey.centre, 1800), (journey.broker, 2400)):
        journey.observe(upto)
        journey.arrived(upto - 599)
        victim.kill()
        journey.observe(upto + 60)
        victim.start()
    journey.observe(3000)
    journey.arrived(3000, within_s=120)
    journey.assert_all_landed_once(3000)


def test_an_event_that_makes_no_sense_is_quarantined_and_the_others_pass(journey: Journey) -> None:
    """Alone and inside a batch: kept with its reason, counted, and the cursor passes over it."""
    journey.poison(b'{"location": 5}')
    journey.observe(20)
    journey.poison(b'{"location": 6}')
    journey.observe(40)
    journey.arrived(38)
    ledger = journey.centre.ledger(DEVICE)
    assert (ledger.cursor, ledger.stored, ledger.quarantined, ledger.declared_lost) == (40, 38, 2, 0)
    assert journey.centre.sequences(DEVICE) == [n for n in range(1, 41) if n not in (1, 21)]
    assert journey.centre.quarantined() == ["bad_data", "bad_data"]
    eventually(lambda: journey.queue.state().count == 0, 20, "an empty outbox")


@pytest.mark.slow
def test_a_batch_that_cannot_be_read_is_narrowed_down_to_the_one_event_and_declared(journey: Journey) -> None:
    """Bytes that are no JSON spoil their whole batch: the device finds the one, sets it aside and says so in its place."""
    journey.observe(20)
    journey.poison(b"this is no JSON")
    journey.observe(40)
    journey.arrived(40, within_s=90)
    ledger = journey.centre.ledger(DEVICE)
    assert (ledger.cursor, ledger.declared_lost) == (40, 1)
    assert journey.centre.counts_taken(DEVICE) == [n for n in range(1, 41) if n != 21]
    assert journey.queue.state().set_aside == 1
