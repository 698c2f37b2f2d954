"""Ten scripts of outages with the real programs and kill -9: nothing is lost, nothing applied twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.model.nursery import Nursery
from tests.model.outages import script
from tests.model.real import suffered

SCRIPTS, EVENTS = 10, 300


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """One for all scripts."""
    with Nursery("tests.model.lives", tmp_path_factory.mktemp("nursery") / "log") as running:
        yield running


@pytest.mark.parametrize("seed", range(SCRIPTS))
def test_programs_killed_while_events_come_lose_none(seed: int, nursery: Nursery, tmp_path: Path) -> None:
    """mosquitto, the ingest and the edge are killed once or more each: 300 events are stored once, in order."""
    verdict = suffered(script(seed, EVENTS), tmp_path, nursery)
    assert not verdict.faults, f"{verdict}\n{script(seed, EVENTS)}"
    assert (verdict.events, verdict.declared) == (EVENTS, 0)
