"""The only place of the centre that builds parts: engine, bus, web server; and closes them."""

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from sqlalchemy import Engine

from central.app import create_app
from central.background.backing_up import Plan
from central.background.loop import run_background
from central.backup.making import Source
from central.bus import Address, Bus
from central.config import CentralConfig, secret, signing_key
from central.console import live
from central.deciding.registry import discover
from central.errors import ConfigError, OldSchema, PortTaken
from central.fleet.agent_file import Centre
from central.fleet.archives import Archives
from central.fleet.authority import Authority
from central.fleet.broker import BrokerFolder
from central.fleet.gate import Gate
from central.ingest import subscriber
from central.parts import Parts
from central.store import schema
from central.store.engine import open_engine
from central.store.limits import Limits
from central.tracing import Tracer, exporting
from protocols.signing import public_text

THREADS = 256  # an open page holds one for its stream
GRACEFUL_TIMEOUT_S = 2


def system_now() -> datetime:
    """The moment, aware and in UTC."""
    return datetime.now(UTC)


@contextmanager
def opened_engine(config: CentralConfig) -> Iterator[Engine]:
    """An engine on the configured database. Raises ConfigError when its folder is missing."""
    if not config.database.parent.is_dir():
        raise ConfigError(f"database {config.database}: its folder is missing; make it, or correct data_dir")
    engine = open_engine(config.database)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def opened(config: CentralConfig, now: Callable[[], datetime] = system_now) -> Iterator[Parts]:
    """The parts over a database of this code's schema. Raises OldSchema, ConfigError."""
    with opened_engine(config) as engine:
        require_schema(engine, config)
        yield _parts(engine, config, now)


def require_schema(engine: Engine, config: CentralConfig) -> None:
    """Raises OldSchema unless the database has the schema that this code speaks."""
    if not schema.is_current(engine):
        have, need = schema.revision(engine) or "none", schema.newest_revision()
        raise OldSchema(f"{config.database} has schema {have}, this version needs {need}; run: tallyhouse migrate")


def bus_address(config: CentralConfig) -> Address:
    """Where the broker is and how the centre signs in. Raises SecretError."""
    broker = config.broker
    secret(broker.password_file, "broker.password_file")
    return Address(broker.host, broker.port, broker.user, broker.password_file)


def gate(config: CentralConfig) -> Gate:
    """Where devices of this house come in."""
    broker = config.broker
    host, port = broker.device_address
    return Gate(
        authority=Authority(config.tls_folder),
        broker=BrokerFolder(config.data_dir / "broker"),
        bus=Address(broker.host, broker.port, broker.user, broker.password_file),
        url=config.device_url,
        has_tls=broker.tls,
        certificates_last=timedelta(days=broker.certificate_days),
        centre=lambda: Centre(
            host, port, public_text(signing_key(config)), config.device_url if broker.tls else None, config.release_keys
        ),
    )


def serve(config: CentralConfig) -> None:
    """Console and API on gunicorn until SIGTERM. Raises OldSchema, PortTaken, SecretError."""
    with opened_engine(config) as engine:
        require_schema(engine, config)
    secret_key = secret(config.secret_key_file, "secret_key_file")
    _refuse_taken(config.console.host, config.console.port)

    def load() -> Flask:
        # After the fork: a SQLite connection must not cross it.
        return create_app(_parts(open_engine(config.database), config, system_now), secret_key=secret_key)

    _WebServer(f"{config.console.host}:{config.console.port}", load, _certificate(config)).run()


def ingest(config: CentralConfig) -> None:
    """Land what devices say until SIGTERM. Raises OldSchema, SecretError."""
    stop = _set_by_signals()
    with opened(config) as parts:
        subscriber.run(parts, bus_address(config), signing_key(config), stop)


def background(config: CentralConfig, config_file: Path) -> None:
    """Decide what is due, announce it, make backups until SIGTERM. Raises OldSchema, SecretError."""
    stop = _set_by_signals()
    plan = backup_plan(config, config_file)
    with opened(config) as parts, Bus(bus_address(config), "central-background") as bus:
        run_background(parts, bus, stop, plan)


def backup_plan(config: CentralConfig, config_file: Path) -> Plan | None:
    """When backups are made and where to; None when the configuration names no folder."""
    wanted, source = config.backup, backup_source(config, config_file)
    if wanted.dir is None:
        return None
    return Plan(source, wanted.dir, timedelta(hours=wanted.every_h), wanted.keep, wanted.secrets)


def backup_source(config: CentralConfig, config_file: Path) -> Source:
    """What a backup of this house copies."""
    return Source(config.database, config.data_dir, config_file, config.site)


def _set_by_signals() -> Event:
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    return stop


def _parts(engine: Engine, config: CentralConfig, now: Callable[[], datetime]) -> Parts:
    host, port = config.broker.device_address
    broker = f"{'mqtts' if config.broker.tls else 'mqtt'}://{host}:{port}"
    return Parts(
        engine=engine,
        capabilities=discover(),
        now=now,
        site=config.site,
        broker=broker,
        gate=gate(config),
        archives=archives(config),
        limits=_limits(config),
        tracer=_tracer(config),
    )


def archives(config: CentralConfig) -> Archives:
    """Where released models and labelled frames lie."""
    data = config.data_dir
    return Archives(data / "releases", data / "labelled", config.device_url, config.release_keys)


def _tracer(config: CentralConfig) -> Tracer:
    endpoint = config.tracing.endpoint
    return Tracer(exporting("tallyhouse", endpoint) if endpoint else None)


def _limits(config: CentralConfig) -> Limits:
    return Limits(**config.retention.model_dump())


def _certificate(config: CentralConfig) -> Authority | None:
    """What HTTPS is spoken with, None for plain HTTP. Raises Refused, SecretError."""
    if not config.console.tls:
        return None
    shown = Authority(config.tls_folder)
    shown.signer()
    return shown


def _refuse_taken(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(f"console {host}:{port}: {error.strerror}; set [console] port to a free one") from error


class _WebServer(BaseApplication):
    """gunicorn on one process of many threads; its open streams end as soon as it is told to stop."""

    def __init__(self, bind: str, load: Callable[[], Flask], certificate: Authority | None) -> None:
        self._bind = bind
        self._load = load
        self._certificate = certificate
        super().__init__()

    def load_config(self) -> None:
        """Settings that its defaults get wrong for us: one stop takes 30 s, two instances share a control socket."""
        settings = {
            "bind": self._bind,
            "worker_class": "gthread",
            "workers": 1,
            "threads": THREADS,
            "graceful_timeout": GRACEFUL_TIMEOUT_S,
            "control_socket_disable": True,
            "loglevel": "warning",
            "post_worker_init": _let_streams_go_on_stop,
        }
        if self._certificate is not None:
            settings["certfile"] = str(self._certificate.server_certificate_file)
            settings["keyfile"] = str(self._certificate.server_key_file)
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:  # type: ignore[override]  # a WSGI app; the stubs ask for a narrower start_response
        """The app, in the worker."""
        return self._load()


def _let_streams_go_on_stop(worker: Any) -> None:
    stop_worker = signal.getsignal(signal.SIGTERM)

    def stop(number: int, frame: FrameType | None) -> None:
        live.stop(worker.app.wsgi())
        if callable(stop_worker):
            stop_worker(number, frame)

    signal.signal(signal.SIGTERM, stop)
