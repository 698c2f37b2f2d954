"""The link over a real broker, against a centre that keeps only the contiguous prefix."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from edge_agent.link.publisher import Publisher
from edge_agent.link.uploader import PATIENCE_S as PATIENCE_OF_UPLOADS_S
from edge_agent.link.uploader import Uploader
from edge_agent.outbox.database import OutboxFile
from edge_agent.outbox.entry import Attachment
from edge_agent.outbox.evidence import EvidenceSpool
from edge_agent.outbox.queue import Queue
from protocols.envelope import Acknowledgement
from protocols.messages.device import Desired
from protocols.messages.lost import Lost
from protocols.messages.registry import read_data
from tests.integration.edge_parts import (
    BOOT,
    DEVICE,
    Keys,
    agent_process,
    centre_for,
    connected,
    device_file,
    entries,
    entry,
    opened_outbox,
    running_link,
)
from tests.makers import NOON
from tests.parts.mosquitto import Mosquitto
from tests.parts.ports import eventually, free_port
from tests.parts.small_centre import SmallCentre

PATIENCE_S = 0.3


@dataclass
class Edge:
    """A device's outbox and publisher at work."""

    file: OutboxFile
    queue: Queue
    publisher: Publisher

    def conclude(self, first: int, last: int) -> None:
        """Commit shelf counts with these numbers, in commits of fifty."""
        for start in range(first, last + 1, 50):
            self.queue.append(entries(start, min(last, start + 49)), NOON)
            self.publisher.nudge()

    def has_no_evidence(self) -> bool:
        """Whether every picture has left the outbox."""
        return EvidenceSpool(self.file).count() == 0

    def delivered(self, last: int, within_s: float = 20.0) -> None:
        """Wait until the centre has acknowledged everything up to `last`."""
        eventually(lambda: self.queue.acknowledged >= last, within_s, f"acknowledgement of {last}")


@pytest.fixture
def keys() -> Keys:
    """Fresh keys of a device and a centre."""
    return Keys()


@pytest.fixture
def centre(broker: Mosquitto, keys: Keys) -> SmallCentre:
    """A centre that is not running yet."""
    return centre_for(keys, broker.port)


@pytest.fixture
def edge(broker: Mosquitto, keys: Keys, tmp_path: Path) -> Iterator[Edge]:
    """A device that is connected, or tries to be."""
    with (
        opened_outbox(tmp_path / "outbox.db") as (file, queue),
        running_link(file, queue, keys, broker.port, PATIENCE_S) as publisher,
    ):
        yield Edge(file, queue, publisher)


def test_what_was_concluded_while_the_broker_was_down_lands_once_and_in_order(
    edge: Edge, centre: SmallCentre, broker: Mosquitto
) -> None:
    """A broker killed with -9 in the middle costs nothing, although it keeps nothing."""
    with centre.running():
        edge.conclude(1, 300)
        edge.delivered(300)
        broker.kill()
        edge.conclude(301, 700)
        broker.start()
        edge.delivered(700)
    assert list(centre.events) == list(range(1, 701))


def test_a_centre_that_was_away_gets_everything(edge: Edge, centre: SmallCentre) -> None:
    """Nothing is given up while nobody listens; all lands when the centre comes, and again when it comes back."""
    edge.conclude(1, 120)
    eventually(lambda: edge.publisher.state.connected, what="a connection")
    with centre.running():
        edge.delivered(120)
    with centre.running():
        edge.conclude(121, 200)
        edge.delivered(200)
    assert list(centre.events) == list(range(1, 201))
    assert edge.queue.state().set_aside == 0


def test_a_centre_that_hangs_costs_no_event(edge: Edge, centre: SmallCentre) -> None:
    """Batches vanish without an answer, many times over; then the centre wakes up."""
    centre.is_silent = True
    with centre.running():
        edge.conclude(1, 30)
        eventually(lambda: edge.publisher.state.rewinds >= 5, what="five rewinds")
        centre.is_silent = False
        edge.delivered(30)
    assert list(centre.events) == list(range(1, 31))
    assert edge.queue.state().set_aside == 0


@pytest.mark.parametrize("poison", [{1}, {30}, {12, 13}], ids=["first", "last", "inside"])
def test_poison_in_a_batch_is_declared_and_the_rest_lands(edge: Edge, centre: SmallCentre, poison: set[int]) -> None:
    """What the centre never takes is set aside alone; its place in the sequence says that it is lost."""
    centre.poison = poison
    with centre.running():
        edge.conclude(1, 30)
        edge.delivered(30 - len(poison & {30}))
        edge.conclude(31, 31)
        edge.delivered(31, within_s=30)
    lost = {sequence for sequence, event in centre.events.items() if event.kind == "lost/1"}
    assert lost == poison
    assert len(centre.events) == 31
    assert edge.queue.state().set_aside == len(poison)
    data = read_data("lost/1", centre.events[min(poison)].data)
    assert data == Lost(first=min(poison), last=min(poison), reason="refused")


def test_an_alarm_overtakes_a_backlog(edge: Edge, centre: SmallCentre) -> None:
    """It is told while more waits than the window carries, new ones too; in its place it comes again."""
    edge.queue.append(entries(1, 6_000), NOON)
    edge.queue.append([replace(entry(6_001), urgent=True), entry(6_002)], NOON)
    centre.hears_only_news = True
    with centre.running():
        edge.publisher.nudge()
        eventually(lambda: set(centre.news) == {6_001}, what="the alarm")
        edge.queue.append([replace(entry(6_003), urgent=True)], NOON)
        edge.publisher.nudge()
        eventually(lambda: set(centre.news) == {6_001, 6_003}, what="the next alarm")
        centre.hears_only_news = False
        edge.delivered(6_003)
    assert list(centre.events) == list(range(1, 6_004))
    assert edge.queue.state().set_aside == 0


def test_an_outbox_behind_an_alarm_that_overtook_sends_nothing_more(edge: Edge, centre: SmallCentre) -> None:
    """A new file would give numbers a second time that news has taken beyond the cursor."""
    edge.conclude(1, 3)
    with centre.running():
        edge.delivered(3)
        centre.say("ack", Acknowledgement(boot=BOOT, upto=3, ahead=9))
        eventually(lambda: "--continue-after 9" in (edge.publisher.state.halted or ""), what="the halt")


def test_poison_alone_is_set_aside(edge: Edge, centre: SmallCentre) -> None:
    """A single event that nothing follows: the newest acknowledged one, sent again, proves that the centre lives."""
    centre.poison = {2}
    with centre.running():
        edge.conclude(1, 1)
        edge.delivered(1)
        edge.conclude(2, 2)
        edge.delivered(2, within_s=30)
    assert centre.events[2].kind == "lost/1"


def test_an_event_that_no_batch_can_carry_does_not_block_the_others(edge: Edge, centre: SmallCentre) -> None:
    """It is never given to the broker, which would hang up on it for ever; its place says that it is lost."""
    huge = replace(entry(2), data=b'{"text":"' + b"x" * 70_000 + b'"}')
    with centre.running():
        edge.queue.append([entry(1), huge, entry(3)], NOON)
        edge.publisher.nudge()
        edge.delivered(3)
    assert [event.kind for event in centre.events.values()] == ["shelf_count/1", "lost/1", "shelf_count/1"]
    assert edge.queue.state().set_aside == 1


def test_a_lost_batch_is_sent_again_from_the_gap(edge: Edge, centre: SmallCentre) -> None:
    """The centre says what it has; the device goes on from there."""
    with centre.running():
        edge.conclude(1, 50)
        edge.delivered(50)
        centre.is_silent = True
        edge.conclude(51, 60)
        eventually(lambda: 60 in {s for batch in list(centre.batches) for s in batch}, what="the swallowed batch")
        centre.is_silent = False
        edge.conclude(61, 70)
        edge.delivered(70)
    assert list(centre.events) == list(range(1, 71))


def test_a_centre_from_an_older_backup_gets_everything_again(edge: Edge, centre: SmallCentre) -> None:
    """What it had acknowledged is still here for a while, and its picture too."""
    picture = Attachment("image/jpeg", NOON, b"p" * 900)
    with centre.running("one"):
        edge.conclude(1, 39)
        edge.queue.append([entry(40, attachment=picture)], NOON)
        edge.publisher.nudge()
        edge.delivered(40)
        eventually(edge.has_no_evidence, what="the picture's acknowledgement")
    centre.forget(25)
    centre.evidence.clear()
    with centre.running("two"):
        edge.conclude(41, 50)
        eventually(lambda: centre.cursor == 50, what="the cursor")
        edge.delivered(50)
        eventually(lambda: picture.name in centre.evidence, what="the picture")
    assert list(centre.events) == list(range(1, 51))
    assert {event.kind for event in centre.events.values()} == {"shelf_count/1"}


def test_a_centre_from_a_backup_older_than_the_grace_gets_a_declaration(edge: Edge, centre: SmallCentre) -> None:
    """What it had acknowledged and is gone here is declared lost; what is still here is sent again."""
    with centre.running("one"):
        edge.conclude(1, 40)
        edge.delivered(40)
    with edge.file.writing() as connection:
        connection.execute("DELETE FROM events WHERE sequence < 40")
    centre.forget(25)
    with centre.running("two"):
        edge.conclude(41, 50)
        eventually(lambda: centre.cursor == 50, what="the cursor")
        edge.delivered(50)
    assert read_data("lost/1", centre.events[26].data) == Lost(first=26, last=39, reason="evicted")
    assert set(centre.events) == {*range(1, 27), *range(40, 51)}


def test_one_stray_gap_declares_nothing_lost(edge: Edge, centre: SmallCentre) -> None:
    """An answer from the past that the next answer contradicts."""
    with centre.running():
        edge.conclude(1, 40)
        edge.delivered(40)
        centre.say("ack", Acknowledgement(boot=BOOT, gap=7))
        edge.conclude(41, 45)
        edge.delivered(45)
    assert {event.kind for event in centre.events.values()} == {"shelf_count/1"}
    assert edge.queue.acknowledged == 45


def test_a_new_outbox_behind_the_centre_sends_nothing_more(edge: Edge, centre: SmallCentre) -> None:
    """Numbers that the centre knows must not be used again: stop, and say which command helps."""
    centre.cursor = 5000
    with centre.running():
        edge.conclude(1, 3)
        eventually(lambda: "--continue-after 5000" in (edge.publisher.alarm() or ""), what="the alarm")
    assert edge.queue.acknowledged == 0


def test_evidence_follows_its_event(edge: Edge, centre: SmallCentre) -> None:
    """Each picture arrives under the hash that its event names, and leaves the outbox."""
    pictures = [Attachment("image/jpeg", NOON, bytes([number]) * 40_000) for number in range(1, 21)]
    with centre.running():
        for first, last in ((1, 12), (13, 20)):  # the second time, the spool has been empty before
            numbered = [entry(number, attachment=pictures[number - 1]) for number in range(first, last + 1)]
            edge.queue.append(numbered, NOON)
            edge.publisher.nudge()
            edge.delivered(last)
            eventually(lambda last=last: len(centre.evidence) == last, what=f"{last} pictures")  # type: ignore[misc]
            eventually(edge.has_no_evidence, what="an empty spool")
    assert {event.evidence for event in centre.events.values()} == set(centre.evidence)
    assert all(centre.evidence[picture.name].data == picture.content for picture in pictures)


def test_evidence_after_a_quiet_time_is_sent_too(edge: Edge, centre: SmallCentre) -> None:
    """One picture, all delivered, then the next."""
    with centre.running():
        for number in range(1, 4):
            edge.queue.append([entry(number, attachment=Attachment("image/jpeg", NOON, bytes([number]) * 900))], NOON)
            edge.publisher.nudge()
            eventually(lambda: len(centre.evidence) == number, what=f"picture {number}")  # noqa: B023
            eventually(edge.has_no_evidence, what="an empty spool")


def test_the_same_picture_is_kept_and_sent_once(edge: Edge, centre: SmallCentre) -> None:
    """A still shelf shows the same picture with each count; neither the card nor the line is burdened again."""
    picture = Attachment("image/jpeg", NOON, b"p" * 900)
    edge.queue.append([entry(number, attachment=picture) for number in (1, 2)], NOON)
    assert edge.file.connection.execute("SELECT count(*) FROM evidence").fetchone() == (1,)
    with centre.running():
        edge.publisher.nudge()
        eventually(lambda: picture.name in centre.evidence, what="the picture")
        eventually(edge.has_no_evidence, what="its acknowledgement")
        edge.queue.append([entry(3, attachment=picture)], NOON)
        edge.publisher.nudge()
        edge.delivered(3)
    assert edge.file.connection.execute("SELECT count(*) FROM evidence").fetchone() == (1,)
    assert edge.has_no_evidence()
    assert {event.evidence for event in centre.events.values()} == {picture.name}


def test_a_piece_that_is_never_acknowledged_keeps_no_other_from_its_turn(
    broker: Mosquitto, keys: Keys, centre: SmallCentre, tmp_path: Path
) -> None:
    """Four in flight are met by silence: the fifth and sixth are sent next, and then the silent ones again."""
    pictures = [Attachment("image/jpeg", NOON, bytes([number]) * 90) for number in range(1, 7)]
    centre.is_silent = True
    with opened_outbox(tmp_path / "outbox.db") as (file, queue), centre.running():
        queue.append([entry(number, attachment=pictures[number - 1]) for number in range(1, 7)], NOON)
        with connected(keys, broker.port) as connection:
            uploader = Uploader(DEVICE, EvidenceSpool(file), connection)
            uploader.step(6, 0.0)
            eventually(lambda: len(centre.evidence) == 4, what="the first four")
            uploader.step(6, PATIENCE_OF_UPLOADS_S)
            eventually(lambda: len(centre.evidence) == 6, what="the other two")
            centre.evidence.clear()
            uploader.delivered([picture.name for picture in pictures[4:]], PATIENCE_OF_UPLOADS_S)
            uploader.step(6, PATIENCE_OF_UPLOADS_S)
            eventually(lambda: len(centre.evidence) == 4, what="the first four again")


def test_only_a_rightly_signed_twin_proves_the_subscription(edge: Edge, broker: Mosquitto) -> None:
    """Unsigned or signed by another key: counted, not believed."""
    stranger = centre_for(Keys(), broker.port)
    with stranger.running():
        eventually(lambda: edge.publisher.state.refused_messages >= 1, what="a refused message")
        stranger.say("desired", Desired(version=1), signature=None)
        eventually(lambda: edge.publisher.state.refused_messages >= 2, what="another")
        assert not edge.publisher.state.proven


def test_the_right_twin_proves_it(edge: Edge, centre: SmallCentre) -> None:
    """Then the link has nothing to complain about."""
    with centre.running():
        eventually(lambda: edge.publisher.state.proven, what="the proof")
        assert edge.publisher.alarm() is None


def test_acknowledgements_of_another_boot_or_with_a_wrong_signature_move_nothing(edge: Edge, centre: SmallCentre) -> None:
    """A clone's acknowledgements, or forged ones, must not delete events."""
    centre.is_silent = True
    with centre.running():
        edge.conclude(1, 5)
        eventually(lambda: centre.batches, what="a batch")
        centre.say("ack", Acknowledgement(boot="another", upto=5))
        centre.say("ack", Acknowledgement(boot=BOOT, upto=5), signature="AAAA")
        eventually(lambda: edge.publisher.state.refused_messages >= 1, what="a refused message")
        assert edge.queue.acknowledged == 0


def test_a_broker_that_forbids_publishing_is_an_alarm(tmp_path: Path, keys: Keys) -> None:
    """Reason 135: nothing is deleted, and people are told."""
    access_list = tmp_path / "acl"
    access_list.write_text("topic read tallyhouse/v1/#\n")
    broker = Mosquitto(tmp_path, f"allow_anonymous true\nacl_file {access_list}")
    broker.start()
    try:
        with (
            opened_outbox(tmp_path / "outbox.db") as (file, queue),
            running_link(file, queue, keys, broker.port) as publisher,
        ):
            Edge(file, queue, publisher).conclude(1, 5)
            eventually(lambda: "135" in (publisher.alarm() or ""), what="the alarm")
            assert queue.state().count == 5
    finally:
        broker.stop()


def test_a_broker_that_is_not_there_is_named(keys: Keys, tmp_path: Path) -> None:
    """By its address, with what to look at."""
    port = free_port()
    with opened_outbox(tmp_path / "outbox.db") as (file, queue), running_link(file, queue, keys, port) as publisher:
        eventually(lambda: f"127.0.0.1:{port} cannot be reached" in (publisher.alarm() or ""), what="the alarm")


def test_a_port_where_no_broker_listens_is_named(keys: Keys, tmp_path: Path) -> None:
    """Something answers there, but not in MQTT: that is said, not passed over in silence."""
    with socket.create_server(("127.0.0.1", 0)) as other, opened_outbox(tmp_path / "outbox.db") as (file, queue):
        port = other.getsockname()[1]
        with running_link(file, queue, keys, port) as publisher:
            other.accept()[0].close()
            eventually(lambda: f"127.0.0.1:{port} hung up without an answer" in (publisher.alarm() or ""), what="the alarm")


def test_a_link_that_is_not_proven_says_so_after_a_moment_only(edge: Edge) -> None:
    """The retained twin comes right after the subscription: until then nothing is wrong."""
    assert edge.publisher.alarm() is None
    eventually(lambda: edge.publisher.state.connected, what="the connection")
    assert edge.publisher.alarm() is None
    eventually(lambda: "not proven" in (edge.publisher.alarm() or ""), what="the alarm")


def test_a_wrong_password_is_named(keys: Keys, tmp_path: Path) -> None:
    """So that nobody looks for a network fault."""
    broker = Mosquitto(tmp_path, "allow_anonymous false")
    broker.start()
    try:
        with (
            opened_outbox(tmp_path / "outbox.db") as (file, queue),
            running_link(file, queue, keys, broker.port) as publisher,
        ):
            eventually(lambda: "password_file" in (publisher.alarm() or ""), what="the alarm")
    finally:
        broker.stop()


def test_an_agent_that_is_killed_says_so_by_its_will(broker: Mosquitto, keys: Keys, tmp_path: Path) -> None:
    """kill -9: the broker speaks the last will after its delay."""
    config = device_file(tmp_path, keys, broker.port, "ear-09")
    centre = centre_for(keys, broker.port, "ear-09")
    with centre.running(), agent_process("--config", config) as agent:
        eventually(lambda: centre.statuses, what="the birth")
        agent.kill()
        eventually(lambda: b'"connection_lost"' in centre.statuses[-1], what="the will")
