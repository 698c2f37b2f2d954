"""What the server's TOML and environment may say."""

from pathlib import Path

import pytest

from central.config import EXAMPLE, CentralConfig, load, secret, signing_key
from central.errors import ConfigError, SecretError
from central.fleet.secret_files import write_secret
from protocols.signing import new_key, private_pem, public_text


def written(folder: Path, text: str) -> Path:
    file = folder / "tallyhouse.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_example_is_what_an_empty_file_means(tmp_path: Path) -> None:
    """The example says the defaults, so that it can be trusted as documentation."""
    example = load(written(tmp_path, EXAMPLE), {})
    assert example == load(written(tmp_path, ""), {})
    assert example.database == tmp_path / "tallyhouse.db"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """A key of the top level and one of a section can be set from outside; paths keep the file's folder."""
    environment = {"TALLYHOUSE_SITE": "s2", "TALLYHOUSE_CONSOLE_PORT": "9000", "TALLYHOUSE_DATA_DIR": "/data", "OTHER": "x"}
    config = load(written(tmp_path, EXAMPLE), environment)
    assert (config.site, config.console.port, config.database) == ("s2", 9000, Path("/data/tallyhouse.db"))
    assert config.console_url == "http://127.0.0.1:9000"


def test_a_server_on_every_address_is_opened_on_this_machine() -> None:
    """0.0.0.0 is no address that a browser can open."""
    everywhere = CentralConfig.model_validate({"console": {"host": "0.0.0.0"}})  # noqa: S104
    assert everywhere.console_url == "http://127.0.0.1:8400"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("site = 'S 1'", "site"),
        ("[console]\nport = 0", "console.port"),
        ("[broker]\nport = 'many'", "broker.port"),
        ("sight = 's1'", "sight"),
        ("console = 5", "console"),
        ("site = ", "not TOML"),
    ],
)
def test_a_mistake_is_named_with_its_file(tmp_path: Path, text: str, named: str) -> None:
    """Whoever reads the error knows the file and the key."""
    file = written(tmp_path, text)
    with pytest.raises(ConfigError) as mistake:
        load(file, {})
    assert str(file) in str(mistake.value)
    assert named in str(mistake.value)


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    """The remedy is a command."""
    with pytest.raises(ConfigError, match="config example"):
        load(tmp_path / "none.toml", {})


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """Mode 0600 is checked, not hoped for; the remedy is the command that repairs it."""
    file = tmp_path / "password"
    write_secret(file, b"word\n")
    assert file.stat().st_mode & 0o777 == 0o600
    assert secret(file, "broker.password_file") == b"word"
    file.chmod(0o640)
    with pytest.raises(SecretError, match=f"broker.password_file.*chmod 600 {file}"):
        secret(file, "broker.password_file")


def test_the_signing_key_must_be_one(tmp_path: Path) -> None:
    """A damaged key file is named."""
    key = new_key()
    config = CentralConfig(signing_key_file=tmp_path / "centre.key")
    write_secret(config.signing_key_file, private_pem(key))
    assert public_text(signing_key(config)) == public_text(key)
    write_secret(config.signing_key_file, b"nonsense")
    with pytest.raises(SecretError, match=r"centre\.key"):
        signing_key(config)


def test_names_of_the_machine_come_from_the_environment_as_well(tmp_path: Path) -> None:
    """With commas between them; the first one is what devices are told where the doors listen to the network."""
    file = tmp_path / "tallyhouse.toml"
    file.write_text('[console]\nhost = "0.0.0.0"\ntls = true\n[broker]\ntls = true\ntls_host = "0.0.0.0"\n')
    config = load(file, {"TALLYHOUSE_BROKER_NAMES": "192.168.1.5, house.local"})
    assert config.broker.names == ("192.168.1.5", "house.local")
    assert config.broker.device_address == ("192.168.1.5", 18884)
    assert (config.device_url, config.console_url) == ("https://192.168.1.5:8400", "https://127.0.0.1:8400")
