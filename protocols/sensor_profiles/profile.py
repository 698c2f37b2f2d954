"""What a device's registers mean: name, unit, range and limits of each, as data.

A profile turns raw Modbus registers (16-bit words) into named quantities and back. The simulator encodes with it, the
edge agent decodes with it, so a register map is written down once. Encoding rounds to the register's resolution and
clips to its physical range, as a real transmitter saturates; within the range, decode after encode is the identity to
half a resolution.
"""

import math
import struct
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from protocols.errors import BadProfile

RegisterType = Literal["u16", "i16", "u32", "f32"]
_FORMATS: dict[RegisterType, str] = {"u16": ">H", "i16": ">h", "u32": ">I", "f32": ">f"}
_CODE_RANGES = {"u16": (0, 0xFFFF), "i16": (-0x8000, 0x7FFF), "u32": (0, 0xFFFF_FFFF), "f32": (-math.inf, math.inf)}


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """Engineering limits in the register's unit, and where they come from. None: no limit on that side."""

    source: str
    warning_low: float | None = None
    warning_high: float | None = None
    alarm_low: float | None = None
    alarm_high: float | None = None


class Register(Struct, frozen=True, forbid_unknown_fields=True):
    """One quantity. value = code x scale; minimum, maximum and resolution are physical, in `unit`."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$")]
    address: Annotated[int, Meta(ge=0, le=65535)]
    type: RegisterType
    unit: str
    minimum: float
    maximum: float
    resolution: Annotated[float, Meta(gt=0.0)]
    scale: Annotated[float, Meta(gt=0.0)] = 1.0
    word_order: Literal["big", "little"] = "big"
    limits: Limits | None = None

    @property
    def words(self) -> int:
        """How many 16-bit registers it takes."""
        return struct.calcsize(_FORMATS[self.type]) // 2


class Profile(Struct, frozen=True, forbid_unknown_fields=True):
    """A device type: its registers in the order of their addresses."""

    name: str
    description: str
    registers: Annotated[tuple[Register, ...], Meta(min_length=1)]

    @property
    def first_address(self) -> int:
        """Where a read of the whole device starts."""
        return self.registers[0].address

    @property
    def count(self) -> int:
        """How many registers a read of the whole device takes."""
        return self.registers[-1].address + self.registers[-1].words - self.first_address

    def register(self, name: str) -> Register:
        """The register of that quantity. Raises BadProfile if the device does not have it."""
        for register in self.registers:
            if register.name == name:
                return register
        raise BadProfile(f"profile {self.name} has no {name!r}; it has {', '.join(r.name for r in self.registers)}")


def shipped_profiles() -> list[str]:
    """Names of the profiles that come with the package."""
    folder = files("protocols.sensor_profiles")
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


@cache
def load(name: str) -> Profile:
    """The shipped profile of that name. Raises BadProfile."""
    if name not in shipped_profiles():
        raise BadProfile(f"no sensor profile {name!r}; shipped are {', '.join(shipped_profiles())}")
    return parse((files("protocols.sensor_profiles") / f"{name}.toml").read_text(encoding="utf-8"), origin=f"{name}.toml")


def parse(text: str, origin: str) -> Profile:
    """A profile from TOML; `origin` is what errors call the file. Raises BadProfile naming the key."""
    try:
        profile = msgspec.convert(tomllib.loads(text, parse_float=finite_number), Profile)
    except (ValueError, RecursionError) as error:  # TOML's and msgspec's own errors are the former
        raise BadProfile(f"sensor profile {origin}: {error}; correct that key") from error
    _check(profile, origin)
    return profile


def finite_number(text: str) -> float:
    """A TOML number; TOML knows inf and nan, no quantity does. Raises ValueError."""
    if not math.isfinite(value := float(text)):
        raise ValueError(f"{text} is not a finite number")
    return value


def decode(profile: Profile, registers: Sequence[int]) -> dict[str, float]:
    """Quantities by name from `profile.count` registers read at `profile.first_address`. Raises BadProfile."""
    if len(registers) != profile.count:
        raise BadProfile(f"{profile.name} needs {profile.count} registers, got {len(registers)}; read the whole device")
    return {register.name: _value(register, _slice(profile, register, registers)) for register in profile.registers}


def encode(profile: Profile, values: Mapping[str, float]) -> list[int]:
    """The `profile.count` registers that carry these quantities; gaps are 0. Raises BadProfile for a missing one."""
    image = [0] * profile.count
    for register in profile.registers:
        if not math.isfinite(value := values.get(register.name, math.nan)):
            raise BadProfile(f"{profile.name} needs a finite {register.name} in {register.unit}, got {value}")
        start = register.address - profile.first_address
        image[start : start + register.words] = _words(register, value)
    return image


def _slice(profile: Profile, register: Register, registers: Sequence[int]) -> Sequence[int]:
    start = register.address - profile.first_address
    return registers[start : start + register.words]


def _value(register: Register, words: Sequence[int]) -> float:
    ordered = words if register.word_order == "big" else tuple(reversed(words))
    try:
        packed = struct.pack(f">{register.words}H", *ordered)
    except struct.error as error:
        raise BadProfile(f"{register.name}: {list(words)} are not 16-bit registers") from error
    code: float = struct.unpack(_FORMATS[register.type], packed)[0]
    # Three digits beyond the resolution: 25.9 °C reads 25.9, not 25.900000000000002.
    return round(code * register.scale, 3 - math.floor(math.log10(register.resolution)))


def _words(register: Register, value: float) -> list[int]:
    clipped = min(max(value, register.minimum), register.maximum)
    stepped = round(clipped / register.resolution) * register.resolution
    code = stepped / register.scale
    packed = struct.pack(_FORMATS[register.type], code if register.type == "f32" else round(code))
    words = list(struct.unpack(f">{register.words}H", packed))
    return words if register.word_order == "big" else words[::-1]


def _check(profile: Profile, origin: str) -> None:
    """What types alone cannot say: order, overlap, range against code. Raises BadProfile."""
    next_free, names = 0, set[str]()
    for register in profile.registers:
        where = f"sensor profile {origin}: {register.name}"
        lowest, highest = _CODE_RANGES[register.type]
        if register.address < next_free:
            raise BadProfile(f"{where} at {register.address} overlaps or precedes its predecessor; order by address")
        if register.name in names:
            raise BadProfile(f"{where} occurs twice; rename one")
        if not lowest * register.scale <= register.minimum < register.maximum <= highest * register.scale:
            raise BadProfile(f"{where} cannot carry {register.minimum}..{register.maximum}; widen its type or scale")
        if register.type != "f32" and register.resolution < register.scale:
            raise BadProfile(f"{where} resolves {register.resolution}, finer than its scale {register.scale}")
        next_free = register.address + register.words
        names.add(register.name)
