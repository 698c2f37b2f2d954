"""A device is shut out: ingest refuses it from the next second on, the broker refuses it, its open session ends.

mosquitto reads its revocation list and passwords again on a signal, for new connections only. The session that is open is
taken over by its client id: only the centre's door lets a client choose it (measured on 2.0.11: the device is out within
a second). What the broker kept of the device's words is taken back.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import Event

import structlog
from sqlalchemy import Connection

from central.bus import Bus
from central.errors import BusError, DeviceError
from central.fleet import broker, issuing
from central.fleet.gate import Gate
from central.store import audit, changes, devices, identities
from central.store.devices import Device
from protocols import topics
from protocols.topics import Down, Up

ANSWER_TIMEOUT_S = 5.0
HELD_S = 1.5  # longer than a device waits before it tries again: until then the broker has read its list
RETAINED_UP: tuple[Up, ...] = ("status", "reported")
RETAINED_DOWN: tuple[Down, ...] = ("desired",)

log = structlog.get_logger()


@dataclass(frozen=True)
class Enforced:
    """What the broker was told: whether it runs, and whether the device's session is over."""

    broker_told: bool
    session_ended: bool


def revoke(conn: Connection, gate: Gate, name: str, who: str, now: datetime) -> Device:
    """Take a device's right to speak: its rows, its certificates, its password, its claims. Raises DeviceError."""
    device = devices.get(conn, name)
    if device is None:
        raise DeviceError(f"there is no device {name}; `tallyhouse device list` shows them")
    if not identities.revoke_device(conn, name, now):
        raise DeviceError(f"device {name} was revoked before, at {device.revoked_at:%Y-%m-%d %H:%M} UTC")
    identities.withdraw_claims(conn, name, now)
    identities.revoke_certificates(conn, name, now)
    audit.record(conn, audit.Deed(who=who, action="device.revoked", thing=f"device/{name}"), now)
    changes.log(conn, device.site, "device", name, now)
    if gate.authority.exists:
        issuing.publish_revoked(conn, gate, now)
    broker.remove_password(gate.broker, name)
    return device


def enforce(gate: Gate, device: Device, *, forget: bool = True) -> Enforced:
    """Make a running broker refuse what was revoked, and end the device's session. Call it after the commit.

    What the broker retains of the device's own words is taken back; forget: and what it was told.
    """
    if not broker.reload(gate.broker):
        return Enforced(broker_told=False, session_ended=False)
    try:
        _take_over(gate, device)
        _take_back(gate, device, RETAINED_DOWN if forget else ())
    except BusError as error:
        log.warning("session_not_ended", device=device.device, problem=str(error), remedy="restart the broker")
        return Enforced(broker_told=True, session_ended=False)
    return Enforced(broker_told=True, session_ended=True)


def revoke_and_enforce(
    writing: Callable[[], AbstractContextManager[Connection]], gate: Gate, name: str, who: str, now: datetime
) -> Enforced:
    """Both, in their order. Raises DeviceError."""
    with writing() as conn:
        device = revoke(conn, gate, name, who, now)
    return enforce(gate, device)


def _take_over(gate: Gate, device: Device) -> None:
    with _client(gate, device.device):
        Event().wait(HELD_S)


def _take_back(gate: Gate, device: Device, said_to_it: Sequence[Down]) -> None:
    kept = [topics.up(device.site, device.device, branch) for branch in RETAINED_UP]
    kept += [topics.down(device.site, device.device, branch) for branch in said_to_it]
    with _client(gate, f"{gate.bus.user}-revocation-{device.device}") as bus:
        for topic in kept:
            bus.publish_and_wait(topic, b"", retain=True, timeout_s=ANSWER_TIMEOUT_S)


@contextmanager
def _client(gate: Gate, client_id: str) -> Iterator[Bus]:
    """A client of the centre that is connected. Raises BusError."""
    connected = Event()
    with Bus(gate.bus, client_id, connected=lambda _bus: connected.set()) as bus:
        if not connected.wait(ANSWER_TIMEOUT_S):
            raise BusError(f"the broker at {gate.bus.host}:{gate.bus.port} did not let the centre in; is it running?")
        yield bus
