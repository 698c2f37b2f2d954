"""The devices on record, read again every second: one added or revoked while the house runs is heard or refused at once."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import structlog
from sqlalchemy.exc import DatabaseError

from central.ingest.registry import Registry, Speaker
from central.store.devices import Device
from protocols.errors import BadSignature
from protocols.signing import public_key

EVERY_S = 1.0
AFTER_A_STRANGER_S = 0.2

log = structlog.get_logger()


class Speakers:
    """A snapshot of the devices. read: every device on record; monotonic: a clock in seconds that never goes back.

    ended: the names of those whose last certificate has ended.
    """

    def __init__(
        self,
        read: Callable[[], Sequence[Device]],
        monotonic: Callable[[], float],
        ended: Callable[[], Collection[str]] = tuple,
    ) -> None:
        self._read = read
        self._ended = ended
        self._monotonic = monotonic
        self._read_at = float("-inf")
        self._devices: dict[str, Device] = {}
        self._known: dict[str, Speaker] = {}
        self._registry: Registry = {}
        self._changed: dict[str, Device] = {}

    @property
    def registry(self) -> Registry:
        """Who may speak, as last read."""
        return self._registry

    @property
    def devices(self) -> Mapping[str, Device]:
        """The devices on record by name, as last read."""
        return self._devices

    def take_changed(self) -> list[Device]:
        """The devices that are new or changed since this was last asked."""
        changed, self._changed = self._changed, {}
        return list(changed.values())

    def refresh(self, max_age_s: float = EVERY_S) -> None:
        """Read again if the snapshot is older than `max_age_s`."""
        if self._monotonic() - self._read_at < max_age_s:
            return
        self._read_at = self._monotonic()
        try:
            on_record, ended = self._read(), self._ended()
        except DatabaseError as error:
            log.error("devices_unreadable", problem=str(error.orig), remedy="the last list holds until it can be read")
            return
        self._take(on_record)
        lapsed = {name: replace(self._known[name], has_ended=True) for name in ended if name in self._known}
        self._registry = self._known | lapsed

    def _take(self, on_record: Sequence[Device]) -> None:
        before, self._devices = self._devices, {device.device: device for device in on_record}
        changed = {name: device for name, device in self._devices.items() if before.get(name) != device}
        self._changed |= changed
        if changed or len(before) != len(self._devices):
            kept = {name: one for name, one in self._known.items() if self._devices.get(name) == before[name]}
            self._known = kept | {name: one for name, device in changed.items() if (one := _speaker(device))}


def _speaker(device: Device) -> Speaker | None:
    try:
        return Speaker(device.site, public_key(device.public_key), device.revoked_at is not None)
    except BadSignature as error:
        log.error("device_key_unusable", device=device.device, problem=str(error), remedy="add the device again")
        return None
