"""What a unit answers: words by its profile, words that changed places, exceptions."""

from firmware_sim.scene import Channel, SensorFault, SensorFaultKind
from firmware_sim.world.wire import answer
from protocols.sensor_profiles.profile import decode, encode, load

PUMP = load("pump")
SAID: dict[Channel, float] = {
    "vibration_mm_s": 1.2,
    "temperature_c": 30.0,
    "current_a": 5.0,
    "speed_rpm": 2930.0,
    "pressure_bar": 3.3,
}


def fault(kind: SensorFaultKind, channel: Channel | None = None, amount: float = 0.0) -> SensorFault:
    return SensorFault("pump-1", kind, 0.0, 60.0, channel, amount)


def test_a_sound_unit_says_what_its_profile_encodes() -> None:
    """No more, no less."""
    assert answer(PUMP, SAID, ()) == encode(PUMP, {str(channel): value for channel, value in SAID.items()})


def test_swapped_words_spoil_one_quantity_only() -> None:
    """3.3 bar become what no pump has; every other register is right."""
    words = answer(PUMP, SAID, (fault("swapped_words", "pressure_bar"),))
    assert isinstance(words, list)
    read = decode(PUMP, words)
    assert read.pop("pressure_bar") > 100_000
    assert read == {channel: value for channel, value in SAID.items() if channel != "pressure_bar"}


def test_a_silent_unit_answers_by_what_silences_it() -> None:
    """Its own exception, or the gateway's for a unit that is off the bus."""
    assert answer(PUMP, None, (fault("exception", amount=6.0),)) == 6
    assert answer(PUMP, None, (fault("dropout"),)) == 11
