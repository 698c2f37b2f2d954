"""Messages written down at each release are read for ever: these files are never regenerated."""

from pathlib import Path
from typing import Any

import pytest

from protocols import codec
from protocols.envelope import Acknowledgement
from protocols.messages import decision, device, evidence
from protocols.messages.registry import kind_of, read_data

GOLDEN = Path(__file__).parents[2] / "golden"
MESSAGES: dict[str, Any] = {
    "birth": device.Status,
    "will": device.Status,
    "health": device.Health,
    "ack": Acknowledgement,
    "desired": device.Desired,
    "reported": device.Reported,
    "central_state": device.CentralState,
    "evidence": evidence.Evidence,
    "out": decision.CloudEvent,
}


@pytest.mark.parametrize("release", sorted(GOLDEN.iterdir()), ids=lambda folder: folder.name)
@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_of_an_old_release_is_still_read(release: Path, name: str) -> None:
    """Decoding and encoding again loses no field that the release wrote."""
    written = (release / f"{name}.json").read_bytes().strip()
    message = codec.decode(written, MESSAGES[name])
    assert codec.decode(codec.encode(message), MESSAGES[name]) == message


@pytest.mark.parametrize("release", sorted(GOLDEN.iterdir()), ids=lambda folder: folder.name)
def test_a_batch_of_an_old_release_is_still_read(release: Path) -> None:
    """Every event in it decodes into the kind it names."""
    batch = codec.read_batch((release / "batch.json").read_bytes())
    for event in batch.events:
        data = read_data(event.kind, event.data)
        assert data is not None
        assert kind_of(data) == event.kind
