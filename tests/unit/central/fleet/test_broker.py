"""The broker's generated files."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.fleet import broker
from central.fleet.broker import (
    BrokerFolder,
    Listener,
    access_list,
    broker_config,
    remove_password,
    set_password,
    write_broker,
)
from protocols.errors import BadIdentifier
from protocols.identity import checked_name

NAMES = st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True)


def test_only_root_needs_a_user(tmp_path: Path) -> None:
    """Without the line mosquitto, started as root, becomes somebody who cannot read our files; others must not say it."""
    folder = BrokerFolder(tmp_path)
    assert broker_config(folder, host="127.0.0.1", port=1, as_root=True).startswith("user root\n")
    assert "user " not in broker_config(folder, host="127.0.0.1", port=1, as_root=False)


def test_paths_in_the_configuration_are_absolute(tmp_path: Path) -> None:
    """A relative one would be looked for in the folder that mosquitto happens to be started in."""
    lines = broker_config(BrokerFolder(tmp_path), host="127.0.0.1", port=1, as_root=False).splitlines()
    files = [line.split(" ", 1)[1] for line in lines if line.split("_")[0] in {"password", "acl", "pid"}]
    assert len(files) == 3
    assert all(Path(file).is_absolute() for file in files)


def test_devices_have_patterns_and_the_centre_everything() -> None:
    """What devices share must be patterns: a `topic` line would be for nameless clients."""
    before, after = access_list("central", []).split("pattern", 1)
    assert before.split("\n")[:2] == ["user central", "topic readwrite tallyhouse/v1/#"]
    assert after.count("%u") == 2


def test_a_program_hears_its_own_site() -> None:
    """And its user name is none that a device can have."""
    rules = access_list("central", [Listener("erp", "s1")])
    assert "\nuser out.erp\ntopic read tallyhouse/v1/out/s1/#\ntopic read tallyhouse/v1/meta/#\n" in rules
    with pytest.raises(BadIdentifier):
        checked_name(Listener("erp", "s1").user, "device")


@given(st.lists(NAMES, min_size=1, max_size=8, unique=True))
def test_each_user_has_one_line_whatever_happens_to_the_others(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    """Setting a password twice keeps one entry; removing one user keeps the rest, also where a name begins another's."""
    folder = BrokerFolder(tmp_path_factory.mktemp("broker"))
    write_broker(folder, host="127.0.0.1", port=1, as_root=False)
    for name in [*names, names[0]]:
        set_password(folder, name, "secret", salt=b"salt" * 3)
    users = [line.split(":")[0] for line in folder.passwords.read_text().splitlines()]
    assert sorted(users) == sorted(names)
    remove_password(folder, names[0])
    assert {line.split(":")[0] for line in folder.passwords.read_text().splitlines()} == set(names[1:])


def test_writing_the_broker_again_keeps_who_may_sign_in(tmp_path: Path) -> None:
    """A second start must not lock the devices out; nothing is readable by others, and no password stands there itself."""
    folder = BrokerFolder(tmp_path / "broker")
    write_broker(folder, host="127.0.0.1", port=1, as_root=False)
    set_password(folder, "eye-01", "correct horse")
    write_broker(folder, host="127.0.0.1", port=2, as_root=False)
    assert folder.passwords.read_text().startswith("eye-01:$7$101$")
    assert "correct horse" not in folder.passwords.read_text()
    assert {file.stat().st_mode & 0o777 for file in folder.path.iterdir()} == {0o600}


def test_no_broker_is_told_when_none_runs_on_the_folder(tmp_path: Path) -> None:
    """A stale or foreign number in the pid file signals nobody."""
    folder = BrokerFolder(tmp_path)
    assert not broker.reload(folder)
    folder.pid.write_text("1")
    assert not broker.reload(folder)
