"""Whether a will is of the past."""

import pytest

from central.ingest.projections.device_state import is_outdated
from protocols.messages.device import Birth, Status, Will
from tests.makers import NOON

BIRTH = Birth(boot="new", started_at=NOON, version="0.1.0")


@pytest.mark.parametrize(
    ("status", "boot", "expected"),
    [
        (Will(boot="old", reason="connection_lost"), "new", True),
        (Will(boot="new", reason="connection_lost"), "new", False),
        (Will(boot="new", reason="stopped"), None, False),
        (BIRTH, "old", False),
    ],
)
def test_only_the_will_of_the_current_boot_counts(status: Status, boot: str | None, expected: bool) -> None:
    """The broker may speak the will of a connection that the device has already replaced."""
    assert is_outdated(status, boot) is expected
