"""Ingest on a real broker and a real database: what devices say becomes rows, then it is acknowledged."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from central.store.engine import reading, writing
from protocols import codec, signing
from tests.makers import batch, equipment_anomaly, event, sensor_summary
from tests.parts.centre import Voice, ingesting, migrated, register, voice
from tests.parts.mosquitto import Mosquitto


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A migrated database."""
    with migrated(tmp_path / "house.db") as engine:
        yield engine


@pytest.fixture
def eye(engine: Engine, broker: Mosquitto) -> Iterator[Voice]:
    """A registered device beside a running ingest that hears it."""
    key = signing.new_key()
    with writing(engine) as conn:
        register(conn, "eye-01", key)
    with ingesting(engine, broker.port), voice(broker.port, "eye-01", key) as speaking:
        speaking.prove_subscription()
        yield speaking


def test_a_batch_lands_and_is_acknowledged(engine: Engine, eye: Voice) -> None:
    """Three counts become three events, one position, and `upto` 3."""
    eye.say("events", codec.encode(batch([event(n) for n in (1, 2, 3)])))
    assert eye.acknowledgement().upto == 3
    with reading(engine) as conn:
        assert conn.execute(text("SELECT count(*) FROM events")).scalar_one() == 3
        assert conn.execute(text("SELECT counted FROM positions")).scalar_one() == 3


def test_a_machine_is_judged_again_from_the_condition_on_disk(engine: Engine, eye: Voice) -> None:
    """An onset in one batch and the end in the next leave a normal machine, whose condition was read back in between."""
    for sequence, data in enumerate((sensor_summary(), equipment_anomaly(), equipment_anomaly(phase="end")), start=1):
        eye.say("events", codec.encode(batch([event(sequence, data)])))
        assert eye.acknowledgement().upto == sequence
    with reading(engine) as conn:
        assert conn.execute(text("SELECT machine, condition FROM conditions")).one() == ("conveyor-1", "normal")
