"""The device's TOML: what it says, what may override it, and how it is refused."""

import os
from pathlib import Path

import pytest

from edge_agent import config as configuration
from edge_agent.errors import ConfigError
from protocols.signing import new_key, private_pem, public_text

TEXT = """
site = "s1"
device = "ear-01"
key_file = "ear-01.key"
centre_key = "KEY"
[broker]
port = 18883
password_file = "ear-01.password"
[[source]]
id = "line"
kind = "csv"
path = "line.csv"
[[task]]
kind = "equipment_anomaly"
source = "line"
settings = { learn_s = 40 }
"""


def written(folder: Path, text: str = TEXT) -> Path:
    """The file with its key and password beside it."""
    path = folder / "ear-01.toml"
    path.write_text(text.replace("KEY", public_text(new_key())), encoding="utf-8")
    for name, content in {"ear-01.key": private_pem(new_key()), "ear-01.password": b"secret\n"}.items():
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)
    return path


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """So that a folder can be moved whole."""
    config = configuration.load(written(tmp_path), {})
    assert config.data_dir == tmp_path / "data"
    assert config.source[0].path == tmp_path / "line.csv"
    assert configuration.broker_password(config) == "secret"
    assert configuration.signing_key(config)
    assert configuration.centre_key(config)


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    """Top level and broker, each key by its name."""
    environment = {
        "TALLYHOUSE_EDGE_DATA_DIR": "/elsewhere",
        "TALLYHOUSE_EDGE_BROKER_PORT": "1884",
        "TALLYHOUSE_EDGE_COMMIT_INTERVAL_S": "2.5",
    }
    config = configuration.load(written(tmp_path), environment)
    assert (config.data_dir, config.broker.port, config.commit_interval_s) == (Path("/elsewhere"), 1884, 2.5)


def test_the_example_is_a_valid_file(tmp_path: Path) -> None:
    """Every key in it is known, and it loads."""
    path = tmp_path / "example.toml"
    path.write_text(configuration.EXAMPLE, encoding="utf-8")
    assert configuration.load(path, {}).source[0].kind == "modbus"


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("site = s1", "not TOML"),
        (TEXT.replace('site = "s1"\n', ""), "missing required field `site`"),
        (TEXT.replace('"s1"', '"S 1"'), r"\$\.site"),
        (TEXT.replace("port = 18883", 'port = "many"'), r"\$\.broker\.port"),
        (TEXT.replace("device =", "devise ="), "devise"),
        (TEXT.replace('kind = "csv"', 'kind = "tape"'), "tape"),
        (TEXT.replace('source = "line"', 'source = "other"'), "names source 'other'"),
        (TEXT + '[[task]]\nkind = "equipment_anomaly"\nsource = "line"\n', "two .* 'equipment_anomaly' on source 'line'"),
        (TEXT + '[[source]]\nid = "line"\nkind = "csv"\n', "two .* 'line'"),
    ],
)
def test_a_wrong_file_is_refused_by_name_key_and_remedy(tmp_path: Path, broken: str, says: str) -> None:
    """The message begins with the file."""
    path = written(tmp_path, broken)
    with pytest.raises(ConfigError, match=says) as refused:
        configuration.load(path, {})
    assert str(path) in str(refused.value)


def test_a_missing_file_names_the_command_that_writes_one(tmp_path: Path) -> None:
    """A newcomer's first mistake."""
    with pytest.raises(ConfigError, match="config example"):
        configuration.load(tmp_path / "none.toml", {})


def test_secrets_that_others_can_read_are_refused(tmp_path: Path) -> None:
    """With the command that repairs it."""
    config = configuration.load(written(tmp_path), {})
    os.chmod(config.key_file, 0o644)
    with pytest.raises(ConfigError, match=f"chmod 600 {config.key_file}"):
        configuration.signing_key(config)


@pytest.mark.parametrize("content", [b"", b"not a key"])
def test_a_key_file_that_holds_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    """By its name."""
    config = configuration.load(written(tmp_path), {})
    config.key_file.write_bytes(content)
    with pytest.raises(ConfigError, match="key_file"):
        configuration.signing_key(config)


def test_a_wrong_centre_key_is_refused(tmp_path: Path) -> None:
    """It would make every word of the centre look forged."""
    config = configuration.load(written(tmp_path, TEXT.replace("KEY", "short")), {})
    with pytest.raises(ConfigError, match="centre_key"):
        configuration.centre_key(config)
