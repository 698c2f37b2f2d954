"""What the centre tells devices of itself: desired twins, retained, and commands, until each is answered.

Looked for twice a second, so that a change is heard within a second; all of it is said again to a broker that was away.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.exc import DatabaseError

from central.bus import Bus, Request
from central.fleet import commands, twin
from central.parts import Parts
from central.store import commands as orders
from central.store import twins
from central.store.commands import CommandRow
from central.store.devices import Device
from central.store.twins import Twin
from protocols import topics
from protocols.signing import PrivateKey, sign

LOOK_EVERY_S = 0.5
SAY_AGAIN_S = 5.0

log = structlog.get_logger()


@dataclass(frozen=True)
class _OnRecord:
    versions: Mapping[str, int]
    open: Collection[CommandRow]


class Teller:
    """Knows what was said over `bus`'s present connection. monotonic: a clock in seconds that never goes back."""

    def __init__(self, parts: Parts, key: PrivateKey, monotonic: Callable[[], float]) -> None:
        self._parts, self._key, self._monotonic = parts, key, monotonic
        self._looked_at = float("-inf")
        self._said_versions: dict[str, int] = {}
        self._said_at: dict[str, float] = {}

    def forget(self) -> None:
        """Another connection: the broker may have lost everything."""
        self._looked_at = float("-inf")
        self._said_versions, self._said_at = {}, {}

    def tell(self, bus: Bus, devices: Mapping[str, Device], changed: Collection[Device]) -> None:
        """Say what is new to devices on record; `changed` ones are told their twin again."""
        for device in changed:
            self._said_versions.pop(device.device, None)
        now_s = self._monotonic()
        if not changed and now_s - self._looked_at < LOOK_EVERY_S:
            return
        self._looked_at = now_s
        try:
            found = self._found()
            new = [
                one for one in devices.values() if self._said_versions.get(one.device) != found.versions.get(one.device, 0)
            ]
            wanted = self._twins(new)
        except DatabaseError as error:
            log.error("orders_unreadable", problem=str(error.orig), remedy="said as soon as the database can be read")
            return
        self._tell_twins(bus, new, wanted)
        self._tell_commands(bus, devices, found.open, now_s)

    def _found(self) -> _OnRecord:
        with self._parts.reading() as conn:
            found = _OnRecord(twins.versions(conn), orders.still_open(conn))
        now = self._parts.now()
        if any(commands.is_over(command, now) for command in found.open):
            with self._parts.writing() as conn:
                commands.sweep(conn, now)
        return found

    def _twins(self, new: Collection[Device]) -> Mapping[str, Twin]:
        with self._parts.reading() as conn:
            return twins.of_devices(conn, [device.device for device in new]) if new else {}

    def _tell_twins(self, bus: Bus, new: Collection[Device], wanted: Mapping[str, Twin]) -> None:
        for said in twin.desired(new, wanted, self._key):
            properties = {} if said.signature is None else {"sig": said.signature}
            bus.publish(said.topic, said.payload, retain=True, properties=properties)
        self._said_versions |= {device.device: wanted[device.device].version for device in new}

    def _tell_commands(self, bus: Bus, devices: Mapping[str, Device], found: Collection[CommandRow], now_s: float) -> None:
        """Those that no device has taken yet, each every few seconds: what is said twice has no second effect."""
        now = self._parts.now()
        self._said_at = {name: at for name, at in self._said_at.items() if name in {one.id for one in found}}
        for command in found:
            device = devices.get(command.device)
            is_due = now_s - self._said_at.get(command.id, float("-inf")) >= SAY_AGAIN_S
            if command.state == "waiting" and is_due and device is not None and device.revoked_at is None:
                self._say(bus, device, command, now)
                self._said_at[command.id] = now_s

    def _say(self, bus: Bus, device: Device, command: CommandRow, now: datetime) -> None:
        left_s = int((command.expires_at - now).total_seconds())
        if left_s < 1:
            return
        payload = commands.message(command)
        request = Request(left_s, topics.up(device.site, device.device, "replies"), command.id.encode())
        topic = topics.down(device.site, device.device, "commands")
        bus.publish(topic, payload, properties={"sig": sign(self._key, payload)}, request=request)
