"""Register maps: what is encoded is what is decoded, and a wrong map says which key is wrong."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import BadProfile
from protocols.sensor_profiles.profile import Profile, decode, encode, load, parse, shipped_profiles

PROFILES = [load(name) for name in shipped_profiles()]


@st.composite
def quantities(draw: st.DrawFn) -> tuple[Profile, dict[str, float]]:
    """A shipped profile and a value for each of its registers, inside the physical range."""
    profile = draw(st.sampled_from(PROFILES))
    return profile, {r.name: draw(st.floats(r.minimum, r.maximum)) for r in profile.registers}


@given(quantities())
def test_what_is_encoded_is_decoded_to_half_a_resolution(case: tuple[Profile, dict[str, float]]) -> None:
    """Registers carry each quantity to within half of its resolution."""
    profile, values = case
    decoded = decode(profile, encode(profile, values))
    for register in profile.registers:
        assert abs(decoded[register.name] - values[register.name]) <= register.resolution * 0.51


@given(quantities())
def test_a_second_round_trip_changes_nothing(case: tuple[Profile, dict[str, float]]) -> None:
    """What came out of registers goes back into the same registers."""
    profile, values = case
    once = encode(profile, values)
    assert encode(profile, decode(profile, once)) == once


@given(st.sampled_from(PROFILES), st.floats(-1e9, 1e9))
def test_a_transmitter_saturates_at_its_range(profile: Profile, value: float) -> None:
    """A value outside the physical range reads as the end of the range."""
    for register in profile.registers:
        middle = {r.name: (r.minimum + r.maximum) / 2 for r in profile.registers}
        read = decode(profile, encode(profile, middle | {register.name: value}))[register.name]
        assert register.minimum - 1e-6 <= read <= register.maximum + 1e-6


def test_registers_are_16_bit_words() -> None:
    """Every encoded word fits a Modbus register, and the count is what one read must ask for."""
    for profile in PROFILES:
        image = encode(profile, {r.name: r.maximum for r in profile.registers})
        assert len(image) == profile.count
        assert all(0 <= word <= 0xFFFF for word in image)


def test_word_order_tells_the_halves_of_a_float_apart() -> None:
    """1.0 is 0x3F80 0x0000; a device that sends the low word first sends it reversed."""
    text = """name = "d"\ndescription = "d"\n[[registers]]\nname = "x"\naddress = 4\ntype = "f32"\nunit = "1"
    minimum = 0.0\nmaximum = 2.0\nresolution = 0.001\nword_order = "{}" """
    assert encode(parse(text.format("big"), "d"), {"x": 1.0}) == [0x3F80, 0x0000]
    assert encode(parse(text.format("little"), "d"), {"x": 1.0}) == [0x0000, 0x3F80]


def test_a_missing_or_infinite_value_is_refused() -> None:
    """A register is never filled with a guess."""
    profile = load("pump")
    with pytest.raises(BadProfile, match="finite vibration_mm_s"):
        encode(profile, {})
    with pytest.raises(BadProfile, match="finite"):
        encode(profile, {r.name: math.inf for r in profile.registers})


def test_too_few_registers_are_refused() -> None:
    """A short answer is not decoded into numbers from elsewhere."""
    with pytest.raises(BadProfile, match="needs 6 registers, got 5"):
        decode(load("pump"), [0] * 5)


def test_an_unknown_profile_names_those_there_are() -> None:
    """The error lists what could have been meant."""
    with pytest.raises(BadProfile, match="compressor, conveyor_motor, fan, pump"):
        load("toaster")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ('address = 1\ntype = "i16"', "y at 1 overlaps"),
        ("maximum = 1e6", "y cannot carry .*widen its type"),
        ("maximum = nan", "nan is not a finite number"),
        ("resolution = 0.001", "y resolves 0.001, finer than its scale"),
    ],
)
def test_a_map_that_contradicts_itself_is_refused(change: str, complaint: str) -> None:
    """Overlap, a range the code cannot carry and a resolution finer than the scale are named."""
    rows = {"address": "address = 2", "type": 'type = "u16"', "maximum": "maximum = 10.0", "resolution": "resolution = 0.1"}
    first = 'name = "d"\ndescription = "d"\n[[registers]]\nname = "x"\naddress = 0\ntype = "f32"\nunit = "1"\nminimum = 0.0'
    first += '\nmaximum = 2.0\nresolution = 0.001\n[[registers]]\nname = "y"\nunit = "1"\nminimum = 0.0\nscale = 0.1\n'
    for line in change.split("\n"):
        rows[line.split(" ")[0]] = line
    with pytest.raises(BadProfile, match=complaint):
        parse(first + "\n".join(rows.values()), "d")


def test_every_limit_names_its_source_and_lies_in_range() -> None:
    """Engineering limits are ordered, inside the physical range, and say where they come from."""
    for register in (register for profile in PROFILES for register in profile.registers):
        assert register.limits is not None
        limits = register.limits
        ladder = [limits.alarm_low, limits.warning_low, limits.warning_high, limits.alarm_high]
        known = [register.minimum, *(step for step in ladder if step is not None), register.maximum]
        assert known == sorted(known)
        assert len(limits.source) > 10
