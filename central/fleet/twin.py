"""The desired twin of each device: for now version 0, signed, which proves to a device that its subscription is heard."""

from collections.abc import Iterable
from dataclasses import dataclass

from central.store.devices import Device
from protocols import topics
from protocols.codec import encode
from protocols.messages.device import Desired
from protocols.signing import PrivateKey, sign


@dataclass(frozen=True)
class Retained:
    """One retained message, with the signature of its payload; an empty payload takes a retained one back."""

    topic: str
    payload: bytes
    signature: str | None


def desired(devices: Iterable[Device], key: PrivateKey) -> list[Retained]:
    """What to say to each device; what was said to a revoked one is taken back."""
    payload = encode(Desired(version=0))
    signature = sign(key, payload)
    return [
        Retained(topics.down(device.site, device.device, "desired"), b"", None)
        if device.revoked_at is not None
        else Retained(topics.down(device.site, device.device, "desired"), payload, signature)
        for device in devices
    ]
