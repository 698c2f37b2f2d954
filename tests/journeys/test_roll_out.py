"""A model goes from a folder to every device, or stops at its gate: real broker, ingest, web server, program and agents."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Engine
from werkzeug.serving import make_server

from central.app import create_app
from central.background.judging import Judge, installed_program
from central.background.rollouts import RolloutDesk
from central.console import live
from central.fleet import release_orders as orders
from central.fleet import twin
from central.fleet.archives import Archives
from central.fleet.standing import standings
from central.parts import Parts
from central.store import rollouts
from central.store.engine import reading, writing
from central.store.releases import Release
from central.store.rollouts import Rollout
from firmware_sim.render.picture_set import shelf_pictures, write_shelves
from protocols import signing
from protocols.messages.model_release import ModelState
from tests.integration.edge_parts import Keys, agent_process, device_file
from tests.parts.bundles import resigned
from tests.parts.centre import ingesting, migrated, parts_on, register
from tests.parts.commanded import Site, simulated
from tests.parts.mosquitto import Mosquitto
from tests.parts.ports import eventually

KIND = "shelf_count"
RELEASER = signing.new_key()
DEVICES = ("eye-01", "eye-02", "eye-03")
WORSE = {"count_lowest": 0.97, "count_highest": 0.99}


@dataclass
class Centre:
    """A house that releases models, and the files of its agents."""

    parts: Parts
    folder: Path
    configs: dict[str, Path]

    @property
    def archives(self) -> Archives:
        """Where its releases lie."""
        return self.parts.require_archives()

    def add(self, version: str, **settings: float) -> Release:
        """A model that was released for this house."""
        resigned(self.folder / version, RELEASER, "shelf", version, **settings)
        with self.parts.writing() as conn:
            return orders.add(conn, self.archives, self.folder / version, None, "li", self.parts.now())

    def rolled_out(self, version: str, within_s: float) -> Rollout:
        """Roll a model out and wait for the end."""
        stop = Event()
        desk = RolloutDesk(self.parts, self.archives, Judge(self.archives, stop, installed_program()).accuracy, timedelta())
        with self.parts.writing() as conn:
            begun = orders.begin(conn, orders.Order(f"shelf-{version}", None, None, 1.0), "li", self.parts.now())

        def ended() -> Rollout | None:
            desk.look()
            with self.parts.reading() as conn:
                found = rollouts.get(conn, begun.id)
            return None if found is None or found.is_open else found

        found = eventually(ended, within_s, f"the end of the rollout of {version}")
        assert found is not None
        return found

    def want(self, device: str, release: Release) -> None:
        """Want a model of one device, without a rollout."""
        with self.parts.writing() as conn:
            twin.change(conn, device, models={KIND: self.archives.offered(release)}, who="li", now=self.parts.now())

    def says(self, device: str) -> ModelState | None:
        """What a device says of its model."""
        with self.parts.reading() as conn:
            return standings(conn)[device].state(KIND)

    def runs(self, device: str) -> str:
        """The version that a device runs, as reported or announced."""
        with self.parts.reading() as conn:
            return (standings(conn)[device].model(KIND) or "").partition("@")[0]

    def is_online(self, device: str) -> bool:
        """Whether a device is connected."""
        with self.parts.reading() as conn:
            return standings(conn)[device].is_online


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The simulated warehouse."""
    with simulated(tmp_path_factory.mktemp("site")) as running:
        yield running


@contextmanager
def served(parts: Parts) -> Iterator[str]:
    """The web server; its address."""
    app = create_app(parts, secret_key=b"of this test only")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        live.stop(app)
        server.shutdown()
        thread.join()
        server.server_close()


def agent_file(folder: Path, device: str, keys: Keys, port: int, site: Site) -> Path:
    """An agent that counts one shelf now and then, and trusts the house's releaser."""
    folder.mkdir()
    trusted = f'release_keys = ["{signing.public_text(RELEASER)}"]\nmodel_trial_s = 3\n'
    config = device_file(folder, keys, port, device, f"commit_interval_s = 0.5\nhealth_interval_s = 1\n{trusted}")
    source = f'[[source]]\nid = "cam-1"\nkind = "camera"\nurl = "{site.cameras["cam-1"]}"\ninterval_s = 2\n'
    region = '{ location = "a-01", sku = "tea", roi = [0.0, 0.0, 0.5, 0.5] }'
    task = f'[[task]]\nkind = "{KIND}"\nsource = "cam-1"\nsettings = {{ interval_s = 60, regions = [{region}] }}\n'
    config.write_text(config.read_text() + source + task)
    return config


@contextmanager
def house(engine: Engine, broker: Mosquitto, folder: Path, site: Site) -> Iterator[Centre]:
    """A centre with three known devices, whose agents do not run yet."""
    write_shelves(folder / "labelled" / KIND, shelf_pictures(seed=4000031, frames=5), "s")
    with ExitStack() as stack:
        key = stack.enter_context(ingesting(engine, broker.port))
        configs = {}
        for device in DEVICES:
            keys = Keys(signing.new_key(), key)
            with writing(engine) as conn:
                register(conn, device, keys.device)
            configs[device] = agent_file(folder / device, device, keys, broker.port, site)
        archives = Archives(folder / "releases", folder / "labelled", "", (signing.public_text(RELEASER),))
        url = stack.enter_context(served(replace(parts_on(engine), archives=archives)))
        yield Centre(replace(parts_on(engine), archives=replace(archives, url=url)), folder, configs)


@pytest.fixture
def centre(broker: Mosquitto, tmp_path: Path, site: Site) -> Iterator[Centre]:
    """The house."""
    with migrated(tmp_path / "house.db") as engine, house(engine, broker, tmp_path, site) as running:
        yield running


@pytest.mark.slow
def test_a_good_model_reaches_all_a_worse_one_none_and_a_corrupt_archive_is_refused(centre: Centre) -> None:
    """Three agents: the canary first, then all; the gate stops the worse one; who gets spoilt bytes keeps what runs."""
    good, worse, spoilt = centre.add("0.3.0", largest_overlap=0.61), centre.add("0.4.0", **WORSE), centre.add("0.5.0")
    with ExitStack() as stack:
        for device in DEVICES:
            stack.enter_context(agent_process("--config", centre.configs[device]))
        eventually(lambda: all(centre.is_online(device) for device in DEVICES), 60, "three agents")
        assert {centre.runs(device) for device in DEVICES} == {"shelf-0.2.0"}

        ended = centre.rolled_out("0.3.0", within_s=150)
        assert (ended.phase, ended.why) == ("done", None), ended.detail
        assert {centre.says(device) for device in DEVICES} == {ModelState(state="running", model=good.model)}

        ended = centre.rolled_out("0.4.0", within_s=100)
        assert (ended.phase, ended.why, worse.model) == ("failed", "accuracy", ended.model)
        assert {centre.runs(device) for device in DEVICES} == {"shelf-0.3.0"}

        archive = centre.archives.file(spoilt.sha256)
        archive.write_bytes(archive.read_bytes()[:-2000] + b"x" * 2000)
        centre.want("eye-02", spoilt)
        eventually(lambda: (said := centre.says("eye-02")) and said.state == "refused", 60, "the refusal")
        said = centre.says("eye-02")
        assert said is not None
        assert said.model == good.model
        assert "hash" in (said.why or "")


@pytest.mark.slow
def test_a_device_killed_in_the_middle_of_a_swap_starts_with_the_old_model_and_gets_there(centre: Centre) -> None:
    """kill -9 between the first byte in the slot and the switch; then again with the new model durable."""
    release, device = centre.add("0.3.0"), DEVICES[0]
    models = centre.configs[device].parent / "data" / "models" / KIND
    with agent_process("--config", centre.configs[device]) as agent:
        eventually(lambda: centre.is_online(device), 60, "the agent")
        centre.want(device, release)
        eventually((models / "a").exists, 60, "the slot to be written", look_every_s=0.001)
        agent.kill()
        agent.wait(10)
    has_switched = (models / "current").exists()  # it may have been faster than the kill
    eventually(lambda: not centre.is_online(device), 40, "the broker to notice")
    with agent_process("--config", centre.configs[device]) as agent:
        eventually(lambda: centre.is_online(device), 60, "the agent")
        assert has_switched or centre.runs(device) == "shelf-0.2.0"
        eventually(lambda: centre.runs(device) == "shelf-0.3.0", 60, "the new model")
        agent.kill()
        agent.wait(10)
    with agent_process("--config", centre.configs[device]):
        eventually(lambda: centre.is_online(device) and centre.runs(device) == "shelf-0.3.0", 60, "the new model")


def test_reading_the_engine_is_enough_to_see_where_models_run(centre: Centre) -> None:
    """Before any agent was connected nothing is known, and nothing fails."""
    with reading(centre.parts.engine) as conn:
        assert [one.model(KIND) for one in standings(conn).values()] == [None] * 3
