"""What this server is: its data, console, broker and secrets (frozen pydantic ← TOML ← environment).

Paths are relative to the file they stand in. Every key can be overridden by the environment: `TALLYHOUSE_SITE`,
`TALLYHOUSE_CONSOLE_PORT`, `TALLYHOUSE_BROKER_HOST`. Nothing else at the centre reads the environment.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from central.errors import ConfigError, SecretError
from central.logs import Level
from protocols.errors import BadIdentifier, BadSignature
from protocols.identity import checked_name
from protocols.signing import PrivateKey, private_key

ENVIRONMENT_PREFIX = "TALLYHOUSE_"


def _name(text: str) -> str:
    try:
        return checked_name(text, "the name")
    except BadIdentifier as error:
        raise ValueError(error) from error


def _listed(value: object) -> object:
    """The environment has no lists: a text is its parts between commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_listed)]
Port = Annotated[int, Field(ge=1, le=65535)]
Name = Annotated[str, AfterValidator(_name)]

EXAMPLE = """\
site = "s1"                             # the site that the console opens with
data_dir = "."                          # paths are relative to this file
database = "tallyhouse.db"              # SQLite; `tallyhouse migrate` makes it
secret_key_file = "secrets/console.key" # signs the console's forms, mode 0600
signing_key_file = "secrets/centre.key" # private Ed25519 key in PEM form, mode 0600: what devices check the centre by
release_keys = []                       # whose models may be rolled out, base64; none: the releaser of those shipped
log_level = "info"

[console]
host = "127.0.0.1"
port = 8400
tls = false                             # true: HTTPS, with the servers' certificate of `tallyhouse tls init`

[broker]
host = "127.0.0.1"
port = 18883
user = "central"
password_file = "secrets/central.password" # mode 0600
tls = false                             # true: devices come in by certificate, programs by password over TLS
tls_host = "127.0.0.1"                  # where these two doors listen; "0.0.0.0" lets the network in
device_port = 18884
program_port = 18885
names = []                              # host names and addresses of this machine: they stand in the servers' certificate
certificate_days = 365                  # how long a device's certificate lasts; it is renewed when a third is left

[backup]
# dir = "/mnt/backup/house"              # another disk; without it no backups are made
every_h = 24
keep = 7
secrets = true                           # the house's keys too: without them no device believes a restored centre

[retention]
events_days = 400
readings_days = 30                       # by the minute; then by the hour
reading_hours_days = 730
evidence_days = 90                       # what an open or reviewed decision rests on is kept
evidence_mb = 4000                       # beyond it the oldest goes first
quarantine_days = 90
announcements_days = 8                   # integrators are promised seven
changes_days = 1                         # how long an open page may sleep and still catch up
commands_days = 400                      # with every answer to them, after they ended
claims_days = 90                         # after their end; the audit trail keeps who made them
certificates_days = 400                  # after their end; the newest of each device stays

[tracing]
# endpoint = "http://127.0.0.1:4318"     # an OpenTelemetry collector (OTLP over HTTP); needs the extra `otel`
"""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ConsoleConfig(_Section):
    """Where the console and the API listen."""

    host: Text = "127.0.0.1"
    port: Port = 8400
    tls: bool = False


class BrokerConfig(_Section):
    """Where the broker listens and how the centre signs in."""

    host: Text = "127.0.0.1"
    port: Port = 18883
    user: Text = "central"
    password_file: Path = Path("secrets/central.password")
    tls: bool = False
    tls_host: Text = "127.0.0.1"
    device_port: Port = 18884
    program_port: Port = 18885
    names: Texts = ()
    certificate_days: Annotated[int, Field(ge=1, le=3650)] = 365

    @property
    def device_address(self) -> tuple[str, int]:
        """The host and port that devices are told."""
        return (_reached(self.tls_host, self.names), self.device_port) if self.tls else (self.host, self.port)


class BackupConfig(_Section):
    """Where `background` puts backups, how often, and how many stay; no folder, no backups."""

    dir: Path | None = None
    every_h: Annotated[float, Field(ge=0.01, le=24 * 31)] = 24
    keep: Annotated[int, Field(ge=1, le=1000)] = 7
    secrets: bool = True


class TracingConfig(_Section):
    """Where spans are sent; without an endpoint traces are in the logs alone."""

    endpoint: Annotated[str, Field(pattern="^https?://")] | None = None


Days = Annotated[int, Field(ge=1, le=36_500)]


class RetentionConfig(_Section):
    """How long each noun is kept; the console shows what that takes and what goes next."""

    events_days: Days = 400
    readings_days: Annotated[int, Field(ge=8, le=36_500)] = 30
    reading_hours_days: Days = 730
    evidence_days: Days = 90
    evidence_mb: Annotated[int, Field(ge=1)] = 4000
    quarantine_days: Days = 90
    announcements_days: Annotated[int, Field(ge=7, le=36_500)] = 8
    changes_days: Days = 1
    commands_days: Days = 400
    claims_days: Days = 90
    certificates_days: Days = 400


class CentralConfig(_Section):
    """The whole file, paths absolute."""

    site: Name = "s1"
    data_dir: Path = Path()
    database: Path = Path("tallyhouse.db")
    secret_key_file: Path = Path("secrets/console.key")
    signing_key_file: Path = Path("secrets/centre.key")
    release_keys: tuple[Text, ...] = ()
    log_level: Level = "info"
    console: ConsoleConfig = ConsoleConfig()
    broker: BrokerConfig = BrokerConfig()
    backup: BackupConfig = BackupConfig()
    retention: RetentionConfig = RetentionConfig()
    tracing: TracingConfig = TracingConfig()

    @property
    def console_url(self) -> str:
        """The address that people open, without a slash at its end."""
        scheme = "https" if self.console.tls else "http"
        return f"{scheme}://{_reached(self.console.host, ())}:{self.console.port}"

    @property
    def device_url(self) -> str:
        """The address of the console as devices reach it."""
        scheme = "https" if self.console.tls else "http"
        return f"{scheme}://{_reached(self.console.host, self.broker.names)}:{self.console.port}"

    @property
    def tls_folder(self) -> Path:
        """The house's authority and the servers' certificate."""
        return self.data_dir / "tls"


def _reached(host: str, names: tuple[str, ...]) -> str:
    """By which name something that listens on `host` is reached."""
    if host != "0.0.0.0":  # noqa: S104 (a test, no binding)
        return host
    return names[0] if names else "127.0.0.1"


def load(path: Path, environment: Mapping[str, str] = os.environ) -> CentralConfig:
    """The configuration in `path`, overridden by `environment`. Raises ConfigError that names file, key and remedy."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; write one with `tallyhouse config example`") from error
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, a list in 1,000 lists
        raise ConfigError(f"{path} is not TOML: {error}") from error
    try:
        config = CentralConfig.model_validate(_overridden(raw, CentralConfig, environment, ENVIRONMENT_PREFIX))
    except ValidationError as error:
        raise ConfigError(f"{path}: {_worded(error)}; compare with `tallyhouse config example`") from error
    return _anchored(config, path.resolve().parent)


def signing_key(config: CentralConfig) -> PrivateKey:
    """The centre's private key. Raises SecretError."""
    try:
        return private_key(secret(config.signing_key_file, "signing_key_file"))
    except BadSignature as error:
        raise SecretError(f"signing_key_file {config.signing_key_file}: {error}") from error


def secret(file: Path, key: str) -> bytes:
    """What stands in a file of mode 0600, without white space around it; `key` names it. Raises SecretError."""
    try:
        if file.stat().st_mode & 0o077:
            raise SecretError(f"{key} {file} can be read by others; run: chmod 600 {file}")
        return file.read_bytes().strip()
    except OSError as error:
        raise SecretError(f"{key} {file}: {error.strerror}; `tallyhouse up` makes one in its data folder") from error


def _overridden(
    raw: Mapping[str, Any], model: type[BaseModel], environment: Mapping[str, str], prefix: str
) -> dict[str, Any]:
    merged = dict(raw)
    for name, field in model.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            written = raw.get(name, {})
            if isinstance(written, Mapping):  # anything else is left for the model to refuse
                merged[name] = _overridden(written, section, environment, f"{prefix}{name.upper()}_")
        elif (value := environment.get(prefix + name.upper())) is not None:
            merged[name] = value
    return merged


def _worded(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}" for problem in error.errors())


def _anchored(config: CentralConfig, folder: Path) -> CentralConfig:
    data = folder / config.data_dir
    return config.model_copy(
        update={
            "data_dir": data,
            "database": data / config.database,
            "secret_key_file": data / config.secret_key_file,
            "signing_key_file": data / config.signing_key_file,
            "broker": config.broker.model_copy(update={"password_file": data / config.broker.password_file}),
            "backup": config.backup.model_copy(update={"dir": config.backup.dir and data / config.backup.dir}),
        }
    )
