"""Whether a device is there (pure): its birth, and the will that the broker speaks for it.

A will names the boot that it belongs to: one that arrives after the next birth is of the past and changes nothing.
"""

from protocols.messages.device import Birth, Status


def is_outdated(status: Status, boot: str | None) -> bool:
    """Whether a status is the will of another boot than the one last heard of."""
    return not isinstance(status, Birth) and boot is not None and status.boot != boot
