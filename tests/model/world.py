"""Devices, broker, centre and time together: a world that steps do things to, and that comes to rest when left alone."""

import random
from pathlib import Path

from protocols.signing import new_key
from tests.model.agenda import Agenda
from tests.model.centre import Centre
from tests.model.device import Device, Place
from tests.model.network import CALM, Broker

MOST_ROUNDS = 20_000
REST_S, LOOK_S = 3600.0, 20.0


class World:
    """Everything that can be broken. `seed` decides what the network does."""

    def __init__(self, folder: Path, seed: str, devices: int, room_bytes: int | None) -> None:
        rng = random.Random(seed)
        names = [f"eye-{number:02d}" for number in range(1, devices + 1)]
        keys, centre_key = {name: new_key() for name in names}, new_key()
        self.agenda = Agenda()
        self.broker = Broker(self.agenda, rng)
        self.centre = Centre(folder / "centre", self.agenda, self.broker, centre_key, keys)
        self.devices = [
            Device(
                Place(name, folder / name, keys[name], centre_key.public_key(), self.agenda, self.broker, rng, room_bytes)
            )
            for name in names
        ]
        self._rounds = 0

    def run_for(self, seconds: float) -> None:
        """Let time pass, and everybody do what is due."""
        end_s = self.agenda.now_s + seconds
        while (next_s := min(self.agenda.next_s(), *(dues := [device.due_s() for device in self.devices]))) <= end_s:
            self._rounds += 1
            assert self._rounds < MOST_ROUNDS, "it never comes to rest: the same messages go round and round"
            self.agenda.advance(next_s)
            for device, due_s in zip(self.devices, dues, strict=True):
                if due_s <= next_s or device.is_called:
                    device.step()
        self.agenda.advance(end_s)

    def mend(self) -> None:
        """Everything works from now on."""
        self.broker.up.meet(CALM)
        self.broker.down.meet(CALM)
        self.centre.fill_disk(False)
        if not self.broker.is_up:
            self.broker.start()
        self.centre.start()
        for device in self.devices:
            device.fill_disk(False)
            device.start()
            device.conclude([])

    def rest(self) -> bool:
        """Mend everything and wait until nothing is left to deliver; False when that never comes."""
        end_s = self.agenda.now_s + REST_S
        self.mend()
        while self.agenda.now_s < end_s:
            self.run_for(LOOK_S)
            if self.centre.is_up and all(self._is_landed(device) for device in self.devices):
                return True
            self.mend()  # what was broken for a while breaks no more, but a kill may have been under way
        return False

    def _is_landed(self, device: Device) -> bool:
        """Whether device and centre agree that everything is there: one restored lately may not have noticed yet."""
        return device.is_delivered and self.centre.cursor(device.name) >= max(device.produced, default=0)

    def close(self) -> None:
        """Let all files go."""
        for device in self.devices:
            device.close()
        self.centre.close()
