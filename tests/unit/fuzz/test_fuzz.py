"""Hostile bytes at every decoder of both sides: refused by name, in bounded time. `scripts/fuzz` tries a million."""

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from random import Random

import pytest
from structlog.testing import capture_logs

from protocols import codec
from tests.fuzz.__main__ import every_door
from tests.fuzz.door import Door
from tests.fuzz.language import golden
from tests.fuzz.run import good_ones, tried

INPUTS = 4_000
DEEP = b"[" * 20_000
DIGITS = b"9" * 5_000
ODD_REQUEST = (
    b"-----BEGIN CERTIFICATE REQUEST-----\n"
    b"MIGQMEQCASAwETEPMA0GA1UEAwwGZGV2aWNlMCowBQYDK2VwAyEALN+MMBRLcDBf\n"
    b"IrZ9K36BDNtR/XaQYksH2qzsLTf1GAigADAFBgMrZXADQQDBRdUECT78ZdREdZDX\n"
    b"AxnH9c8zubIwsuAqAE3kHp17WsYdVIyKsHjpwEd+zxK6jnKN9dtLZvP2uYckxRWa\n"
    b"KfUN\n"
    b"-----END CERTIFICATE REQUEST-----\n"
)  # of version 33
OTHER_KEY = (
    b"-----BEGIN PRIVATE KEY-----\n"
    b"MC4CAQAwBQYDK3VwBCIEIDFzzSeURAu/gXejm/cqItalLGKTm7wHk5BoEhq96lyW\n"
    b"-----END PRIVATE KEY-----\n"
)  # of a kind that no library of ours knows


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Door]]:
    """All of them, by name."""
    with capture_logs(), ExitStack() as leaving:
        yield {door.name: door for door in every_door(tmp_path_factory.mktemp("doors"), leaving)}


def test_good_inputs_are_taken(doors: dict[str, Door]) -> None:
    """Every door opens to what it was made for: else its refusals would prove nothing."""
    report = good_ones(list(doors.values()))
    assert not report.findings
    closed = {name for name, count in report.tried.items() if not report.taken[name]}
    assert closed <= {"state of defects"}  # whose blind detector refuses the next picture


def test_thousands_of_hostile_inputs_get_nothing_but_refusals(doors: dict[str, Door]) -> None:
    """No crash, no error without a name, nothing slow; the same inputs at each run."""
    report = tried(list(doors.values()), INPUTS, Random(7))
    assert report.tried.total() == INPUTS
    assert list(report.findings.values()) == []


FOUND = [
    ("pointer", b'{"refused":{"\xbe":{"state":"refused","why":""}}}'),
    ("pointer", b'{"x":' + DEEP),
    ("manifest", b'{"name":"\xa2"}'),
    ("manifest", b'{"x":' + DEEP),
    ("manifest at the centre", b'{"name":"\xa2"}'),
    ("backup manifest", b'{"site":"\xe2"}'),
    ("sensor profile", b"a = " + DEEP),
    ("keys", OTHER_KEY),
    ("presence status", golden("birth").replace(b'"version"', b'"\x8d":1,"version"')),
    ("presence health", golden("health").replace(b'"clock"', b'"\xdf":1,"clock"')),
    ("state of shelf_count", b'{"version":1,"regions":[],"looked_at":"2026-11-24T12:00:00"}'),
    ("state of shelf_count", b'{"x":' + DEEP),
    ("twin as applied", b'{"x":' + DEEP),
    ("agent.toml", b"a = " + DEEP),
    ("agent.toml", b"a = " + DIGITS),
    ("agent.toml", b"broker = 5"),
    ("agent.toml", b'broker = ["x"]'),
    ("centre's TOML", b"a = " + DEEP),
    ("centre's TOML", b"a = " + DIGITS),
    ("house file", b"a = " + DIGITS),
    ("journal of replies", b'{"boot":"b","replies":[1180591620717411303424]}'),
    ("certificate request", ODD_REQUEST),
    ("table", b"time,load\n" + b"x" * 200_000 + b"\n"),
    ("land reported", b'{"version":1180591620717411303424,"boot":"b"}'),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content"), FOUND)
def test_what_got_through_once_does_not_again(doors: dict[str, Door], name: str, content: bytes) -> None:
    """Each was found by fuzzing or by reading: it ended in an error without a name, which nobody catches."""
    door = doors[name]
    with suppress(*door.refusals):
        door.enter(content)


@pytest.mark.parametrize("kind", ["../../home/pi/.ssh", "/etc", "a/b", "", ".."])
def test_a_twin_cannot_name_a_folder_as_a_kind_of_task(doors: dict[str, Door], kind: str) -> None:
    """Models lie in a folder by their kind: even the centre's own signature does not lead out of it."""
    desired = {
        "version": 3,
        "device": "eye-01",
        "models": {kind: {"model": "m", "url": "http://x/y", "sha256": "sha256:" + "0" * 64, "size_bytes": 1}},
    }
    door = doors["inbox desired"]
    with pytest.raises(door.refusals):
        door.enter(codec.encode(desired))
