"""The commands of the centre on a real database: what they do, print and refuse."""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from central.cli.main import app
from central.errors import BackupError, CentralError
from central.fleet.secret_files import write_secret
from central.store import devices
from central.store.engine import open_engine, writing
from central.up.folder import HouseFolder, prepared
from protocols.messages.device import Birth, TaskAnnouncement
from tests.makers import NOON
from tests.parts.ports import free_port

Say = Callable[..., Result]
HOUSE = Path(__file__).parents[2] / "central/demo/house.toml"


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Say:
    """Runs a command on a fresh, migrated house; an error of ours is raised as it is."""
    monkeypatch.setenv("TALLYHOUSE_CONSOLE_PORT", str(free_port()))
    monkeypatch.setenv("TALLYHOUSE_BROKER_PORT", str(free_port()))
    folder = HouseFolder(tmp_path / "var")
    prepared(folder, print)
    runner = CliRunner()

    def run(*words: str | Path, config: bool = True) -> Result:
        more = ("--config", folder.config_file) if config else ()
        result = runner.invoke(app, [str(word) for word in (*words, *more)])
        if isinstance(result.exception, CentralError):
            raise result.exception
        return result

    assert run("migrate").exit_code == 0
    return run


def test_a_house_is_loaded_whole_or_not_at_all(say: Say, tmp_path: Path) -> None:
    """The second file breaks one reference: what it says of everything else is not taken either."""
    assert "rows loaded" in say("load", HOUSE).output
    broken = tmp_path / "broken.toml"
    text = HOUSE.read_text(encoding="utf-8").replace('label = { en = "Harbour Street"', 'label = { en = "Elsewhere"')
    broken.write_text(text.replace('sku = "honey-350g"\nfacings', 'sku = "hony"\nfacings'), encoding="utf-8")
    with pytest.raises(CentralError, match=r"\[\[shelves\]\] 'b-03': sku 'hony' is not in the file"):
        say("load", broken)
    assert "cam-07" in say("device", "add", "cam-07", "--out", tmp_path / "cam-07").output
    assert "the audit trail is whole" in say("audit", "verify").output


def test_a_person_is_added_once_and_with_a_real_password(say: Say, tmp_path: Path) -> None:
    """A short password and a taken name are refused; the role is one of two."""
    password = tmp_path / "password"
    write_secret(password, b"short")
    with pytest.raises(CentralError, match="at least 10 signs"):
        say("user", "add", "mei", "--password-file", password)
    write_secret(password, b"long enough for all")
    assert "mei may sign in" in say("user", "add", "mei", "--role", "admin", "--password-file", password).output
    with pytest.raises(CentralError, match="'mei' exists already"):
        say("user", "add", "mei", "--password-file", password)
    assert say("user", "add", "li", "--role", "king", "--password-file", password).exit_code == 2
    assert "/sign-in/link/" in say("user", "link", "mei").output
    with pytest.raises(CentralError, match="there is no user 'li'"):
        say("user", "link", "li")


def test_a_token_is_printed_once_and_its_scopes_are_known_ones(say: Say) -> None:
    """For scripts as JSON; a scope that does not exist is named with those that do."""
    made = json.loads(say("token", "add", "erp", "--scope", "stock:read", "--json").output)
    assert made["token"].startswith("th_")
    with pytest.raises(CentralError, match=r"no scope stock:burn; choose among alarms:read"):
        say("token", "add", "erp", "--scope", "stock:burn")


def test_a_token_that_reads_out_opens_mqtt(say: Say) -> None:
    """Only under a name that can be a user of the broker."""
    assert "user out.erp, the token as password" in say("token", "add", "erp", "--scope", "out:read").output
    with pytest.raises(CentralError, match="must be 1 to 32 of a-z"):
        say("token", "add", "the ERP\ntopic readwrite #", "--scope", "out:read")
    assert "user out." not in say("token", "add", "The ERP", "--scope", "stock:read").output


def test_a_device_is_listed_for_people_and_for_scripts(say: Say, tmp_path: Path) -> None:
    """No broker runs here: that is said, and is no mistake."""
    added = json.loads(say("device", "add", "cam-07", "--label", "Gate", "--out", tmp_path / "cam-07", "--json").output)
    assert added["broker_told"] is False
    assert Path(added["config"]).exists()
    assert [(row["device"], row["label"]) for row in json.loads(say("device", "list", "--json").output)] == [
        ("cam-07", "Gate")
    ]
    assert say("device", "list").output.split() == ["cam-07", "s1", "password", "Gate"]


def test_a_device_is_set_and_commanded(say: Say, tmp_path: Path) -> None:
    """Settings are checked before they are wanted; a command without an answer ends, and the exit code says so."""
    say("device", "add", "eye-07", "--out", tmp_path / "eye-07")
    with pytest.raises(CentralError, match="eye-07 has no task yet: it has never been connected"):
        say("device", "set", "eye-07", "cam-1/shelf_count", "frames=7")
    with pytest.raises(CentralError, match="KEY=VALUE"):
        say("device", "set", "eye-07", "cam-1/shelf_count")
    with pytest.raises(CentralError, match="never been connected"):
        say("device", "command", "eye-07", "send_logs")
    tell_what_it_is(tmp_path / "var/tallyhouse.db")
    assert json.loads(say("device", "set", "eye-07", "cam-1/shelf_count", "frames=7", "--json").output)["version"] == 1
    assert "version 2" in say("device", "set", "eye-07", "cam-1/shelf_count", "sku=tea").output
    shown = json.loads(say("device", "show", "eye-07", "--json").output)
    assert shown["desired"]["settings"] == {"cam-1/shelf_count": {"interval_s": 20, "frames": 7, "sku": "tea"}}
    assert "wanted: version 2; reported: version none (pending)" in say("device", "show", "eye-07").output
    assert "version 3" in say("device", "set", "eye-07", "cam-1/shelf_count", "--own").output
    with pytest.raises(CentralError, match="--confirmed-by NAME"):
        say("device", "command", "eye-07", "stop_conveyor")
    given = say("device", "command", "eye-07", "stop_conveyor", "--confirmed-by", "Chen", "--json").output
    assert (json.loads(given)["state"], json.loads(given)["confirmed_by"]) == ("waiting", "Chen")


def tell_what_it_is(database: Path) -> None:
    """The birth of eye-07, as ingest would note it."""
    task = TaskAnnouncement(kind="shelf_count", source="cam-1", settings={"interval_s": 20})
    birth = Birth(boot="b", started_at=NOON, version="1", tasks=[task], actions={"stop_conveyor": ["stop-1"]})
    engine = open_engine(database)
    with writing(engine) as conn:
        devices.heard(conn, "eye-07", NOON, birth=msgspec.to_builtins(birth))
    engine.dispose()


def test_the_configuration_checks_itself(say: Say, tmp_path: Path) -> None:
    """What the example prints is good when its secrets are there; a missing secret is named."""
    assert "is good" in say("config", "check").output
    example = tmp_path / "alone" / "tallyhouse.toml"
    example.parent.mkdir()
    example.write_text(say("config", "example", config=False).output)
    with pytest.raises(CentralError, match=r"signing_key_file .*centre\.key: No such file"):
        say("config", "check", "--config", example, config=False)


def test_a_house_is_backed_up_checked_and_put_back_by_commands(say: Say, tmp_path: Path) -> None:
    """What is printed for scripts names the backup; a house that stands there is not overwritten unasked."""
    into = tmp_path / "backups"
    made = json.loads(say("backup", into, "--json").output)
    assert Path(made["backup"]).parent == into
    assert made["secrets"] is True
    checked = json.loads(say("backup", into, "--verify", "--json", config=False).output)
    assert checked["backup"] == made["backup"]
    with pytest.raises(BackupError, match="is itself a backup"):
        say("backup", Path(made["backup"]))
    restored = json.loads(say("restore", into, "--data", tmp_path / "new", "--json", config=False).output)
    assert restored["set_aside"] is None
    assert "is good" in say("config", "check", "--config", tmp_path / "new/tallyhouse.toml", config=False).output
    with pytest.raises(BackupError, match="holds a house: 0 events"):
        say("restore", into, "--data", tmp_path / "new", config=False)
    again = say("restore", into, "--data", tmp_path / "new", "--force", config=False)
    assert "what stood there is in" in again.output


def test_the_past_is_thought_again_by_other_rules(say: Say) -> None:
    """A house without a past has none to change; a capability or a value that is none is refused by name."""
    say("load", HOUSE)
    told = json.loads(say("rules", "replay", "supply.inventory", "--set", "service_level=0.99", "--json").output)
    assert (told["decisions"], told["different"], told["changes"]) == (0, 0, [])
    assert "different 0" in say("rules", "replay", "supply.inventory", "--until", "2026-11-24").output
    with pytest.raises(CentralError, match=r"there is no capability supply\.luck; choose .*supply\.inventory"):
        say("rules", "replay", "supply.luck")
    for wrong in ("service_level=2", "service_level=much", "luck=1"):
        with pytest.raises(CentralError, match=wrong.partition("=")[0]):
            say("rules", "replay", "supply.inventory", "--set", wrong)
