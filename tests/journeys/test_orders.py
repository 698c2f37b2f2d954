"""A person at the centre changes what a device does and commands it; the device does it, once, and says so."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from central.fleet.commands import message
from central.store import evidence
from central.store.engine import reading
from edge_agent.config import load
from edge_agent.outbox.database import OUTBOX_NAME, OutboxFile
from edge_agent.twin import read_applied, with_applied
from protocols import codec, signing
from protocols.messages.command import Command
from protocols.messages.device import Desired
from tests.parts.centre import migrated
from tests.parts.commanded import DEVICE, TASK, House, Site, at_work, commanded, simulated
from tests.parts.mosquitto import Mosquitto
from tests.parts.ports import eventually


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The simulated warehouse."""
    with simulated(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture
def house(broker: Mosquitto, tmp_path: Path, site: Site) -> Iterator[tuple[House, Path]]:
    """A centre that listens, and the agent's file."""
    with migrated(tmp_path / "house.db") as engine, commanded(engine, broker.port, tmp_path, site) as running:
        yield running


def picture_of(house: House, command: str) -> bytes:
    """The evidence that a command brought."""
    name = (house.of(command).result or {})["evidence"]

    def arrived() -> bytes | None:
        with reading(house.engine) as conn:
            piece = evidence.get(conn, name)
            return None if piece is None else piece.content

    return eventually(arrived, within_s=20, what="the evidence") or b""


def test_what_a_person_commands_is_done(house: tuple[House, Path], site: Site) -> None:
    """A picture and the log come as evidence, a shelf is counted, the gate and the stop move, models are read again."""
    centre, config = house
    with at_work(centre, config):
        taken = centre.ended(centre.command("take_picture", "cam-1"))
        logs = centre.ended(centre.command("send_logs", arguments={"lines": 20}))
        assert (taken.state, logs.state) == ("done", "done"), (taken.why, logs.why)
        assert picture_of(centre, taken.id).startswith(b"\xff\xd8")
        assert b'\\"event\\":\\"started\\"' in picture_of(centre, logs.id)
        counted = centre.ended(centre.command("recount", "cam-1"))
        assert (counted.state, counted.result) == ("done", {"counts": 1}), counted.why
        eventually(lambda: centre.events("shelf_count/1"), what="the count")
        assert centre.ended(centre.command("reload_model", "cam-1")).state == "done"
        assert centre.ended(centre.command("reject_part", "gate-1", ttl_s=5)).result == {"open_s": 0.2}
        stop = centre.command("stop_conveyor", "conveyor-1")
        assert (centre.of(stop).state, site.happened("stop")) == ("unconfirmed", [])
        centre.confirm(stop)
        assert centre.ended(stop).result == {"confirmed_by": "Chen"}
        eventually(lambda: [line["machine"] for line in site.happened("stop")] == ["conveyor-1"], what="the stop")


def test_settings_are_applied_while_the_device_looks_on_and_survive_a_restart_without_the_centre(
    house: tuple[House, Path], broker: Mosquitto
) -> None:
    """What fits is applied, what does not is reported with the reason, and the old settings stay."""
    centre, config = house
    with at_work(centre, config) as agent:
        version = centre.want(threshold=2.5, line="belt-9")
        eventually(lambda: centre.reported()["version"] == version, what="the new version")
        assert centre.reported()["settings"]["cam-4/defects"] == {"threshold": 2.5, "line": "belt-9"}
        version = centre.want(threshold=3.5, model="no-such-model")
        eventually(lambda: centre.reported()["version"] == version, what="the refused version")
        (refusal,) = centre.reported()["refused"]
        assert (refusal["part"], "no-such-model" in refusal["why"]) == ("cam-4/defects", True)
        assert centre.reported()["settings"]["cam-4/defects"]["threshold"] == 2.5
        agent.kill()
    broker.kill()
    own = load(config)
    file = OutboxFile(own.data_dir / OUTBOX_NAME)
    restarted = with_applied(own, read_applied(file))
    file.close()
    assert restarted.task[0].settings == {"threshold": 2.5, "line": "belt-9"}


def test_an_older_twin_changes_nothing(house: tuple[House, Path]) -> None:
    """Genuine, signed by the house itself, and said again by somebody who kept it: the device stays where it is."""
    centre, config = house
    with at_work(centre, config):
        for threshold in (2.0, 3.0):
            version = centre.want(threshold=threshold)
        eventually(lambda: centre.reported()["version"] == version, what="the newest version")
        old = Desired(version=1, device=DEVICE, settings={TASK: {"threshold": 2.0}})
        centre.say("desired", codec.encode(old))
        assert centre.ended(centre.command("send_logs")).state == "done"
        assert (centre.reported()["version"], centre.reported()["settings"][TASK]) == (2, {"threshold": 3.0})


def test_a_command_that_the_house_did_not_sign_moves_nothing(house: tuple[House, Path], site: Site) -> None:
    """Nor one that was signed for another device, or changed on its way."""
    centre, config = house
    before = len(site.happened("gate"))
    with at_work(centre, config):
        genuine = centre.of(centre.command("send_logs"))
        forged = msgspec.structs.replace(codec.decode(message(genuine), Command), action="reject_part", source="gate-1")
        centre.say("commands", codec.encode(forged), key=signing.new_key())
        centre.say("commands", codec.encode(msgspec.structs.replace(forged, device="eye-02")))
        assert centre.ended(centre.command("send_logs")).state == "done"
    assert len(site.happened("gate")) == before


def test_a_command_that_comes_twice_is_done_once_and_answered_again(house: tuple[House, Path], site: Site) -> None:
    """Whoever says it: the broker, the house that heard no answer, or somebody who kept it."""
    centre, config = house
    before = len(site.happened("gate"))
    with at_work(centre, config):
        done = centre.ended(centre.command("reject_part", "gate-1"))
        for _ in range(3):
            centre.say("commands", message(done))
        eventually(lambda: centre.of(done.id).last_reply > done.last_reply, what="the same answer again")
        assert centre.of(done.id).state == "done"
    assert len(site.happened("gate")) == before + 1


def test_a_command_that_comes_too_late_is_not_begun(house: tuple[House, Path], site: Site) -> None:
    """The device says that it has expired, although the house had given up before."""
    centre, config = house
    before = len(site.happened("gate"))
    with at_work(centre, config):
        late = centre.of(centre.command("reject_part", "gate-1", long_ago_s=600))
        centre.say("commands", message(late))
        eventually(lambda: centre.of(late.id).why is not None, what="the device's answer")
        assert centre.of(late.id).state == "expired"
    assert len(site.happened("gate")) == before


def test_a_device_killed_in_the_middle_of_a_command_never_does_it_again(
    broker: Mosquitto, tmp_path: Path, site: Site
) -> None:
    """After the restart it says that the end is not known; the same command, said again, is answered the same way."""
    before = len(site.happened("gate"))
    with (
        migrated(tmp_path / "house.db") as engine,
        commanded(engine, broker.port, tmp_path, site, pulse_s=30) as (centre, config),
    ):
        with at_work(centre, config) as agent:
            command = centre.command("reject_part", "gate-1", timeout_s=60)
            eventually(lambda: len(site.happened("gate")) > before, within_s=20, what="the gate")
            agent.kill()
        with at_work(centre, config):
            after = centre.ended(command)
            assert (after.state, "restarted" in (after.why or "")) == ("failed", True)

            def is_answered_again() -> bool:
                """While its answer waits for an acknowledgement, the device does not answer a second time."""
                centre.say("commands", message(after))
                return centre.of(command).last_reply > after.last_reply

            eventually(is_answered_again, what="the same answer again")
            assert centre.of(command).state == "failed"
    assert len(site.happened("gate")) == before + 1
