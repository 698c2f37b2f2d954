"""What a condition unit answers to a read of all its registers: their words, or the code of a Modbus exception.

A unit that has dropped out is answered for by its gateway: 11, target failed to respond. A unit that answers an exception
itself does so with the code of its fault (2: illegal data address, 6: busy). Swapped words are a wrong word order in the
unit, after a firmware update or a wrong setting: both halves of a 32-bit quantity change places.
"""

from collections.abc import Mapping, Sequence

from firmware_sim.scene import Channel, SensorFault
from protocols.sensor_profiles.profile import Profile, Register, encode

GATEWAY_NO_RESPONSE = 11


def answer(
    profile: Profile, reported: Mapping[Channel, float] | None, open_faults: Sequence[SensorFault]
) -> list[int] | int:
    """The words of the whole unit, or an exception's code. `reported`: None while the unit says no values."""
    if reported is None:
        codes = [int(fault.amount) for fault in open_faults if fault.kind == "exception"]
        return codes[0] if codes else GATEWAY_NO_RESPONSE
    image = encode(profile, {str(channel): value for channel, value in reported.items()})
    for fault in open_faults:
        if fault.kind == "swapped_words" and fault.channel is not None:
            _swap(image, profile, profile.register(fault.channel))
    return image


def _swap(image: list[int], profile: Profile, register: Register) -> None:
    start = register.address - profile.first_address
    image[start : start + register.words] = image[start : start + register.words][::-1]
