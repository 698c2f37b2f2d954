"""What this machine is: its site and name, broker, keys, sources and tasks (frozen msgspec ← TOML ← environment).

Paths are relative to the file they stand in. Every key of the top level and of [broker] can be overridden by the
environment, `TALLYHOUSE_EDGE_DATA_DIR` or `TALLYHOUSE_EDGE_BROKER_HOST`; nothing else here reads the environment.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from edge_agent.errors import ConfigError, UnknownTask
from edge_agent.privacy.policy import PrivacyPolicy
from protocols.errors import BadSignature
from protocols.identity import Name
from protocols.signing import PrivateKey, PublicKey, private_key, public_key

ENVIRONMENT_PREFIX = "TALLYHOUSE_EDGE_"
MOST_TASKS = 64  # that a birth can announce
SourceKind = Literal["camera", "modbus", "modbus_rtu", "opcua", "mqtt", "pictures", "video", "csv"]
Seconds = Annotated[float, Meta(gt=0)]

EXAMPLE = """\
site = "s1"                       # as the centre calls it
device = "ear-01"                 # `tallyhouse device add ear-01 --out DIR` writes this file, the key and the password
data_dir = "data"                 # outbox and saved task states; paths are relative to this file
key_file = "ear-01.key"           # private Ed25519 key in PEM form, mode 0600
centre_key = "BASE64"             # public key of the centre, 32 bytes in base64
# centre_url = "https://192.168.1.5:8400" # where a device with a certificate renews it, as `tallyhouse-edge enrol` writes it
commit_interval_s = 10            # what a power cut may cost of routine conclusions; alarms are committed at once
release_keys = []                 # public keys of those whose models may run here, base64; none: that of this program
model_trial_s = 120               # a released model that ends the agent within this time, three times over, is taken back
# metrics_port = 9101             # Prometheus may read /metrics here, on the loopback only

[broker]
host = "127.0.0.1"
port = 18883
username = "ear-01"
password_file = "ear-01.password" # mode 0600; over TLS instead of user name and password:
# certificate_file = "device.crt" # of key_file's key, which signs the batches too
# authority_file = "authority.crt" # whose certificates are believed

[budget]                          # of the data folder; what must leave for want of room is declared to the centre
events_mb = 400                   # room that events always have
evidence_mb = 400                 # the most that pictures and readings may take; together: the most of all
grace_hours = 24                  # what the centre has acknowledged stays so long, for a centre restored from a backup
grace_mb = 50                     # and at most so much of it
# card_tb_written = 20            # what the memory card is rated for: health then forecasts its life

[privacy]                         # what of a picture may leave the device
moving_things = "pixelate"        # pixelate | keep: things that move and are larger than a facing
outside_regions = "pixelate"      # pixelate | keep: what lies outside the regions of the tasks
facing_share = 0.02               # of the frame that the largest item on a shelf covers
hold_s = 60                       # so long after its last motion a thing stays pixelated

# [[actuator]]                    # what this device may move, when a person commands it
# id = "gate-1"
# kind = "modbus_coil"
# action = "reject_part"          # reject_part | stop_conveyor
# host = "127.0.0.1"
# port = 5020
# device_id = 9
# address = 0
# pulse_s = 1                     # so long a gate stays open; a stop stays set until a person at the machine ends it

[[source]]
id = "pump-1"
kind = "modbus"                   # camera | modbus | modbus_rtu | opcua | mqtt | pictures | video | csv
host = "127.0.0.1"
port = 5020
device_id = 3
profile = "pump"
asset = "pump-1"
interval_s = 1
# trigger = "interval"            # of a camera: interval | motion (and once a minute) | command (take_picture asks for one)

[[task]]
kind = "equipment_anomaly"        # shelf_count | defects | equipment_anomaly
source = "pump-1"
settings = {}
# budget_cpu_ms = 200             # processor time granted for each sample: those beyond it are counted and not looked at
"""


class Broker(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the broker listens and how this device signs in."""

    host: Annotated[str, Meta(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)] = 18883
    username: str | None = None
    password_file: Path | None = None
    certificate_file: Path | None = None
    authority_file: Path | None = None
    keepalive_s: Annotated[int, Meta(ge=5, le=600)] = 20


class SourceConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One camera, bus device or recording."""

    id: Name
    kind: SourceKind
    url: str | None = None
    path: Path | None = None
    host: str | None = None
    port: Annotated[int, Meta(ge=1, le=65535)] | None = None
    device_id: Annotated[int, Meta(ge=0, le=247)] = 1
    profile: str | None = None
    asset: Name | None = None
    interval_s: Seconds = 1.0
    exclude: tuple[str, ...] = ()
    baud: Annotated[int, Meta(ge=300, le=4_000_000)] = 19_200
    parity: Literal["E", "O", "N"] = "E"
    topic: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    channels: dict[str, str] = {}
    units: dict[str, str] = {}
    trigger: Literal["interval", "motion", "command"] = "interval"


class TaskConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One task on one source; `settings` are checked against the task's own model. budget_cpu_ms: processor time that it is
    granted for each sample, of the thread of its source; samples beyond it are counted and not looked at."""

    kind: str
    source: Name
    settings: dict[str, Any] = {}
    budget_cpu_ms: Annotated[float, Meta(gt=0)] | None = None


class ActuatorConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that this device can move, and the command that moves it."""

    id: Name
    kind: Literal["modbus_coil"]
    action: Literal["reject_part", "stop_conveyor"]
    host: Annotated[str, Meta(min_length=1)]
    port: Annotated[int, Meta(ge=1, le=65535)] = 502
    device_id: Annotated[int, Meta(ge=0, le=247)] = 1
    address: Annotated[int, Meta(ge=0, le=65535)]
    pulse_s: Annotated[float, Meta(gt=0, le=60)] = 1.0


class BudgetConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much of the disk the outbox may take, in units of a million bytes, and what the card is rated for."""

    events_mb: Annotated[float, Meta(ge=4)] = 400.0
    evidence_mb: Annotated[float, Meta(ge=1)] = 400.0
    grace_hours: Annotated[float, Meta(ge=0)] = 24.0
    grace_mb: Annotated[float, Meta(ge=0)] = 50.0
    card_tb_written: Annotated[float, Meta(gt=0)] | None = None


class EdgeConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    site: Name
    device: Name
    data_dir: Path = Path("data")
    key_file: Path
    centre_key: Annotated[str, Meta(min_length=1)]
    centre_url: Annotated[str, Meta(pattern="^https?://")] | None = None
    broker: Broker = Broker()
    commit_interval_s: Seconds = 10.0
    health_interval_s: Seconds = 10.0
    metrics_port: Annotated[int, Meta(ge=1, le=65535)] | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    release_keys: tuple[str, ...] = ()
    model_trial_s: Seconds = 120.0
    budget: BudgetConfig = BudgetConfig()
    privacy: PrivacyPolicy = PrivacyPolicy()
    source: tuple[SourceConfig, ...] = ()
    task: Annotated[tuple[TaskConfig, ...], Meta(max_length=MOST_TASKS)] = ()
    actuator: tuple[ActuatorConfig, ...] = ()


def load(path: Path, overrides: Mapping[str, str] = os.environ) -> EdgeConfig:
    """The configuration in `path`, paths made absolute. Raises ConfigError that names the file, the key and the remedy."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; write one with `tallyhouse-edge config example`") from error
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, a list in 1,000 lists
        raise ConfigError(f"{path} is not TOML: {error}") from error
    try:
        config = msgspec.convert(_overridden(raw, overrides), EdgeConfig, strict=False, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {error}; compare with `tallyhouse-edge config example`") from error
    return _checked(_anchored(config, path.resolve().parent), path)


def environment() -> Mapping[str, str]:
    """The environment of this process, for the one who asks which service manager started it."""
    return os.environ


@contextmanager
def told_by(path: Path) -> Iterator[None]:
    """Whatever turns out to be wrong with what the file at `path` says is named with that file. Raises ConfigError."""
    try:
        yield
    except (ConfigError, UnknownTask) as error:
        raise ConfigError(f"{path}: {error}") from error


def quieten_video() -> None:
    """Keep OpenCV's and FFmpeg's own words off stderr, where our structured logs go. Call before OpenCV is imported."""
    for name, level in {"OPENCV_FFMPEG_LOGLEVEL": "-8", "OPENCV_LOG_LEVEL": "SILENT"}.items():
        os.environ.setdefault(name, level)


def _path(wanted: type, text: Any) -> Path:
    if wanted is not Path or not isinstance(text, str):
        raise ValueError(f"expected a path, got {text!r}")
    return Path(text)


def _overridden(raw: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    merged = dict(raw)
    written = raw.get("broker", {})
    if not isinstance(written, Mapping):
        return merged  # left for the model to refuse
    broker = dict(written)
    for field in EdgeConfig.__struct_fields__:
        value = environment.get(ENVIRONMENT_PREFIX + field.upper())
        if value is not None and field not in {"broker", "budget", "privacy", "release_keys", "source", "task", "actuator"}:
            merged[field] = value
    for field in Broker.__struct_fields__:
        value = environment.get(f"{ENVIRONMENT_PREFIX}BROKER_{field.upper()}")
        if value is not None:
            broker[field] = value
    return merged | {"broker": broker}


def _anchored(config: EdgeConfig, folder: Path) -> EdgeConfig:
    files = ("password_file", "certificate_file", "authority_file")
    placed = {name: file and folder / file for name in files for file in [getattr(config.broker, name)]}
    broker = msgspec.structs.replace(config.broker, **placed)
    sources = tuple(msgspec.structs.replace(s, path=s.path and folder / s.path) for s in config.source)
    return msgspec.structs.replace(
        config, data_dir=folder / config.data_dir, key_file=folder / config.key_file, broker=broker, source=sources
    )


def _checked(config: EdgeConfig, path: Path) -> EdgeConfig:
    if (config.broker.certificate_file is None) != (config.broker.authority_file is None):
        raise ConfigError(f"{path}: certificate_file and authority_file of [broker] go together")
    ids = [source.id for source in config.source]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise ConfigError(f"{path}: two [[source]] are called {twice[0]!r}; give each its own id")
    actuators = [actuator.id for actuator in config.actuator]
    if len(set(actuators)) < len(actuators):
        raise ConfigError(f"{path}: two [[actuator]] have the same id; there are: {', '.join(actuators)}")
    for task in config.task:
        if task.source not in ids:
            raise ConfigError(
                f"{path}: task {task.kind!r} names source {task.source!r}; [[source]] has: {', '.join(ids) or 'none'}"
            )
    wanted = [(task.kind, task.source) for task in config.task]
    for kind, source in wanted:
        if wanted.count((kind, source)) > 1:
            raise ConfigError(f"{path}: two [[task]] {kind!r} on source {source!r}; put their settings into one")
    return config


def signing_key(config: EdgeConfig) -> PrivateKey:
    """This device's private key. Raises ConfigError."""
    try:
        return private_key(_secret(config.key_file, "key_file"))
    except BadSignature as error:
        raise ConfigError(f"key_file {config.key_file}: {error}") from error


def centre_key(config: EdgeConfig) -> PublicKey:
    """The centre's public key. Raises ConfigError."""
    try:
        return public_key(config.centre_key)
    except BadSignature as error:
        raise ConfigError(f"centre_key: {error}; copy it from the file that `tallyhouse device add` wrote") from error


def broker_password(config: EdgeConfig) -> str | None:
    """The broker password, None when no file is named. Raises ConfigError."""
    file = config.broker.password_file
    return None if file is None else _secret(file, "broker.password_file").decode().strip()


def _secret(file: Path, key: str) -> bytes:
    try:
        if file.stat().st_mode & 0o077:
            raise ConfigError(f"{key} {file} can be read by others; run: chmod 600 {file}")
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{key} {file}: {error.strerror}; `tallyhouse device add` writes it") from error


def compute_on_one_thread() -> None:
    """Linear algebra of this process runs where it is called: threads of its own spin while a gentle one waits for its turn.

    Counts only before numpy is loaded; what the environment says goes before.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
