"""Watching a machine: what is said, what is not, and what survives a restart."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_agent.errors import SampleRefused, SnapshotRejected
from edge_agent.sample import Frame, Reading
from edge_agent.task import Context, Finding, Task
from edge_agent.tasks.equipment_anomaly import snapshot
from edge_agent.tasks.equipment_anomaly.card import CARD
from edge_agent.tasks.equipment_anomaly.settings import Settings
from edge_agent.tasks.equipment_anomaly.state import AssetState
from protocols.messages.equipment_anomaly import EquipmentAnomaly
from protocols.messages.evidence import Stretch
from protocols.messages.sensor_summary import SensorSummary
from protocols.sensor_profiles import profile as sensor_profile

STARTED_AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
LEARN_S = 60
seeds = st.integers(0, 10_000)


def task(profile: str | None = None, learn_s: float = LEARN_S, **more: float) -> Task:
    known = sensor_profile.load(profile) if profile else None
    return CARD.build(Settings(learn_s=learn_s, **more), Context("motor-1", Path(), known))


def readings(columns: Mapping[str, Iterable[float | None]], first_s: int = 0) -> list[Reading]:
    """One reading a second; each column is a channel."""
    rows = zip(*columns.values(), strict=True)
    return [reading(first_s + second, dict(zip(columns, row, strict=True))) for second, row in enumerate(rows)]


def reading(second: float, values: Mapping[str, float | None]) -> Reading:
    return Reading("motor-1", STARTED_AT + timedelta(seconds=second), int(second * 1000), "ntp", "motor-1", values)


def heard(watcher: Task, samples: Sequence[Reading]) -> list[Finding]:
    return [finding for sample in samples for finding in watcher.observe(sample)]


def anomalies(findings: Sequence[Finding]) -> list[EquipmentAnomaly]:
    return [finding.data for finding in findings if isinstance(finding.data, EquipmentAnomaly)]


def summaries(findings: Sequence[Finding]) -> list[SensorSummary]:
    return [finding.data for finding in findings if isinstance(finding.data, SensorSummary)]


def noise(seed: int, seconds: int, level: float = 10.0, width: float = 0.5) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(level, width, seconds)


@given(seeds)
@settings(max_examples=5)
def test_a_healthy_hour_raises_no_alarm(seed: int) -> None:
    """Noise around a level is what was learned."""
    columns = {name: noise(seed + place, 3600) for place, name in enumerate(("a", "b", "c"))}
    assert anomalies(heard(task(), readings(columns))) == []


@given(seeds, st.floats(8, 500), st.sampled_from((-1, 1)), st.integers(-3, 6))
@settings(max_examples=25)
def test_a_large_step_is_always_found_and_blamed_on_the_right_channel(
    seed: int, height: float, sign: int, power: int
) -> None:
    """Eight widths and more, up or down, in any unit, within half a minute."""
    unit = 10.0**power
    stepped = noise(seed, 200) + sign * height * 0.5 * (np.arange(200) >= 150)
    onsets = anomalies(heard(task(), readings({"steady": noise(seed + 1, 200) * unit, "stepped": stepped * unit})))
    assert onsets
    assert onsets[0].channels[0].channel == "stepped"
    assert onsets[0].subject == "machine"
    assert STARTED_AT + timedelta(seconds=149) <= onsets[0].since <= STARTED_AT + timedelta(seconds=180)


@given(seeds, st.integers(-20, 20))
@settings(max_examples=15)
def test_the_unit_does_not_matter(seed: int, exponent: int) -> None:
    """Readings in other units (by a power of two, so that rounding is the same) give the same scores."""
    column = noise(seed, 240) + 4.0 * (np.arange(240) >= 200)
    scores = [
        [
            (anomaly.phase, anomaly.since, anomaly.score)
            for anomaly in anomalies(heard(task(), readings({"a": column * unit})))
        ]
        for unit in (1.0, 2.0**exponent)
    ]
    assert scores[0] == scores[1] != []


@given(seeds, st.floats(0, 1))
@settings(max_examples=20)
def test_a_stuck_sensor_is_never_called_a_machine_fault(seed: int, share: float) -> None:
    """One value for ever is no behaviour of a machine, wherever in its range it sticks."""
    healthy = noise(seed, 300)
    stuck_at = np.quantile(healthy[:150], share)
    stuck = np.where(np.arange(300) < 150, healthy, stuck_at)
    said = anomalies(heard(task(), readings({"a": stuck, "b": noise(seed + 1, 300)})))
    assert [(anomaly.subject, anomaly.rule, anomaly.phase) for anomaly in said] == [("sensor", "stuck", "onset")]
    assert [channel.channel for channel in said[0].channels] == ["a"]
    assert said[0].since <= STARTED_AT + timedelta(seconds=151)


@pytest.mark.parametrize("gone", [None, math.nan, math.inf])
def test_a_silent_sensor_is_told_once_and_its_return_too(gone: float | None) -> None:
    """Missing, NaN and infinite are the same silence."""
    column: list[float | None] = [*noise(1, 100), *[gone] * 30, *noise(2, 60)]
    said = anomalies(heard(task(), readings({"a": column, "b": noise(3, 190)})))
    assert [(anomaly.rule, anomaly.phase) for anomaly in said] == [("dropout", "onset"), ("dropout", "end")]
    assert [[channel.channel for channel in anomaly.channels] for anomaly in said] == [["a"], ["a"]]


def test_a_value_outside_the_sensors_range_is_a_sensor_fault() -> None:
    """A pump cannot have minus five bar; the profile knows."""
    healthy = {"vibration_mm_s": noise(1, 160, 1.1, 0.03), "pressure_bar": noise(2, 160, 3.3, 0.02)}
    healthy["pressure_bar"][120:] = -5.0 + 0.001 * np.arange(40)
    said = anomalies(heard(task("pump"), readings(healthy)))
    assert [(anomaly.subject, anomaly.rule) for anomaly in said] == [("sensor", "out_of_range")]


def test_a_value_that_leaps_across_its_range_is_a_sensor_fault() -> None:
    """Eight bar up and down within a second each is a wire, not a pump."""
    healthy = {"vibration_mm_s": noise(1, 160, 1.1, 0.03), "pressure_bar": noise(2, 160, 3.3, 0.02)}
    healthy["pressure_bar"][120:] = np.where(np.arange(40) % 2, 9.0, 1.0) + 0.001 * np.arange(40)
    said = anomalies(heard(task("pump"), readings(healthy)))
    assert ("sensor", "rate") in [(anomaly.subject, anomaly.rule) for anomaly in said]


def test_an_anomaly_does_not_end_because_its_sensor_went_silent() -> None:
    """What opened it cannot be seen: the machine is not called well until it can."""
    shaking: list[float | None] = [*noise(1, 100), *noise(2, 40, 16.0), *[None] * 90, *noise(3, 40, 16.0)]
    said = anomalies(heard(task(), readings({"a": shaking, "b": noise(4, 270)})))
    assert [(anomaly.subject, anomaly.phase) for anomaly in said] == [
        ("machine", "onset"),
        ("sensor", "onset"),
        ("sensor", "end"),
    ]


def test_sensitivity_scales_what_is_tolerated() -> None:
    """A quarter of it takes four times the excursion."""
    stepped = {"a": noise(1, 200) + 3.0 * (np.arange(200) >= 150)}
    assert anomalies(heard(task(), readings(stepped)))
    assert anomalies(heard(task(sensitivity=0.25), readings(stepped))) == []


@given(seeds, st.floats(1e3, 1e9))
@settings(max_examples=15)
def test_a_single_spike_is_not_an_anomaly(seed: int, height: float) -> None:
    """One wild value, however wild, passes by."""
    column = noise(seed, 300)
    column[200] += height
    assert anomalies(heard(task(), readings({"a": column, "b": noise(seed + 1, 300)}))) == []


def test_one_onset_one_end_and_both_tell_since_when() -> None:
    """A fault that comes and goes is two messages, the urgent one with the minute before it."""
    column = noise(1, 400)
    column[150:250] += 6.0
    findings = [f for f in heard(task(), readings({"a": column})) if isinstance(f.data, EquipmentAnomaly)]
    onset, end = anomalies(findings)
    assert (onset.phase, end.phase) == ("onset", "end")
    assert onset.since == end.since >= STARTED_AT + timedelta(seconds=150)
    assert findings[0].urgent
    assert isinstance(findings[0].evidence, Stretch)
    assert 55 <= findings[0].evidence.times_s[-1] <= 61
    assert not findings[1].urgent
    assert findings[1].evidence is None


def test_slow_wear_is_not_learned_away() -> None:
    """A rise so slow that the level follows it is held against what was commissioned."""
    column = noise(1, 9000) + np.maximum(0, np.arange(9000) - 300) * 0.0008
    said = anomalies(heard(task(), readings({"a": column})))
    assert said
    assert said[0].since < STARTED_AT + timedelta(seconds=6000)


def test_a_warming_machine_is_not_learned_before_it_comes_to_rest() -> None:
    """What still climbs when its time is up would make every later value an anomaly."""
    seconds = np.arange(3000)
    warming = 20 + 30 * (1 - np.exp(-seconds / 240)) + noise(1, 3000, 0.0, 0.1)
    watcher = task()
    findings = heard(watcher, readings({"temperature": warming}))
    assert anomalies(findings) == []
    learned = [summary.learned for summary in summaries(findings)]
    assert learned == sorted(learned)
    assert learned[2] < 1.0 == learned[-1]


def test_engineering_limits_speak_before_anything_is_learned() -> None:
    """From the first minute: zone C of ISO 10816 is a warning, zone D an alarm."""
    for level, severity in ((3.0, "warning"), (6.0, "alarm")):
        said = anomalies(heard(task("pump"), readings({"vibration_mm_s": noise(1, 20, level, 0.05)})))
        assert [(anomaly.rule, anomaly.severity) for anomaly in said] == [("engineering_limit", severity)]


def test_a_warning_limit_is_silent_once_the_machine_is_known() -> None:
    """A pump that has always run in zone C is not alarmed about for ever, but zone D still is."""
    column = noise(1, 300, 2.2, 0.03)
    said = anomalies(heard(task("pump"), readings({"vibration_mm_s": column})))
    assert [anomaly.phase for anomaly in said] == ["onset", "end"]
    worse = readings({"vibration_mm_s": noise(2, 60, 5.0, 0.03)}, first_s=300)
    watcher = task("pump")
    heard(watcher, readings({"vibration_mm_s": column}))
    assert [anomaly.severity for anomaly in anomalies(heard(watcher, worse))] == ["alarm"]


def test_a_machine_that_is_switched_off_is_not_anomalous() -> None:
    """Zero speed is a state, not a fault; the start after it is not scored either."""
    speed = np.concatenate([noise(1, 200, 1450, 1), np.zeros(100), np.full(5, 700.0), noise(2, 200, 1450, 1)])
    current = np.concatenate([noise(3, 200, 4, 0.02), np.zeros(100), np.full(5, 22.0), noise(4, 200, 4, 0.02)])
    findings = heard(task("conveyor_motor"), readings({"speed_rpm": speed, "current_a": current}))
    assert anomalies(findings) == []
    assert {summary.state for summary in summaries(findings)} == {"steady", "off"}


@given(seeds, st.integers(1, 259))
@settings(max_examples=25)
def test_a_restored_watcher_scores_like_an_unbroken_one(seed: int, cut: int) -> None:
    """After a restart at any second every figure is the same, to the last bit."""
    column = noise(seed, 260) + 5.0 * (np.arange(260) >= 200)
    rows = readings({"a": column, "b": noise(seed + 1, 260)})
    unbroken = heard(task(), rows)
    first, second = task(), task()
    before = heard(first, rows[:cut])
    second.restore(first.snapshot())
    assert before + heard(second, rows[cut:]) == unbroken


@pytest.mark.parametrize(
    "damage",
    [
        lambda state: state.channels.pop(),
        lambda state: state.sensors.clear(),
        lambda state: setattr(state.traces, "last", np.zeros(3)),
        lambda state: setattr(state.watch, "place", 99),
        lambda state: setattr(state.watch.normal, "load", 7),
        lambda state: setattr(state.watch.geometry, "fitted", np.zeros((1, 2))),
        lambda state: setattr(state.recorder, "used", 10_000),
    ],
)
def test_a_state_whose_parts_disagree_is_rejected(damage: Callable[[AssetState], object]) -> None:
    """It reads well and would fail at every sample from now on: better to learn again."""
    watcher = task()
    heard(watcher, readings({"a": noise(1, 100), "b": noise(2, 100)}))
    saved = snapshot.read(watcher.snapshot())
    damage(saved.assets["motor-1"][0])
    with pytest.raises(SnapshotRejected, match="do not fit each other"):
        task().restore(snapshot.written(saved))


def test_one_flipped_bit_on_the_card_is_noticed() -> None:
    """A worn card must not make a machine look well."""
    watcher = task()
    heard(watcher, readings({"a": noise(1, 100), "b": noise(2, 100)}))
    state = bytearray(watcher.snapshot())
    state[-200] ^= 1
    with pytest.raises(SnapshotRejected, match="checksum"):
        task().restore(bytes(state))


def test_a_number_too_large_for_its_square_is_no_reading() -> None:
    """What is told of a minute is always finite, whatever a broken transmitter sends."""
    column: list[float | None] = [*noise(1, 40), 1e308, -1e308, *noise(2, 40)]
    told = summaries(heard(task(), readings({"a": column})))[0].channels[0]
    assert told.n == 59
    assert told.max is not None
    assert told.max < 20
    assert told.rms is not None
    assert math.isfinite(told.rms)


def test_a_changed_sensor_list_starts_a_new_baseline() -> None:
    """A second thermometer is another machine, as far as what was learned goes."""
    first, second = task(), task()
    heard(first, readings({"a": noise(1, 100)}))
    second.restore(first.snapshot())
    findings = heard(second, readings({"a": noise(1, 70), "b": noise(2, 70)}, first_s=100))
    assert summaries(findings)[0].learned < 1.0 + 1e-9
    assert {channel.channel for channel in summaries(findings)[0].channels} == {"a", "b"}


def test_a_summary_tells_what_numpy_would() -> None:
    """Count, least, mean, most and root mean square of the window."""
    column = noise(5, 61)
    summary = summaries(heard(task(), readings({"a": column})))[0]
    assert summary.window_s == 60.0
    told = summary.channels[0]
    assert (told.n, told.min, told.max) == (61, column.min(), column.max())
    assert told.mean == pytest.approx(column.mean())
    assert told.rms == pytest.approx(np.sqrt((column**2).mean()))


def test_a_gap_closes_the_summary_and_a_clock_set_back_does_no_harm() -> None:
    """Time that was not watched is not averaged over."""
    watcher = task()
    heard(watcher, readings({"a": noise(1, 30)}))
    after_gap = heard(watcher, readings({"a": noise(2, 30)}, first_s=4000))
    set_back = heard(watcher, readings({"a": noise(3, 30)}, first_s=-9000))
    assert [summary.window_s for summary in summaries([*after_gap, *set_back])] == [29.0, 29.0]
    assert summaries(list(watcher.finish()))[0].started_at == STARTED_AT - timedelta(seconds=9000)


def test_titles_of_a_recording_become_channel_names() -> None:
    """A header may be written as people write."""
    findings = heard(task(), readings({"Volume Flow RateRMS": noise(1, 61), "2nd Bearing °C": noise(2, 61)}))
    names = [channel.channel for channel in summaries(findings)[0].channels]
    assert names == ["channel_2nd_bearing_c", "volume_flow_raterms"]


def test_two_assets_on_one_source_are_learned_apart() -> None:
    """What is normal for one says nothing about the other."""
    watcher = task()
    for second in range(200):
        for asset, level in (("left", 1.0), ("right", 100.0)):
            value = level * (1 + 0.01 * math.sin(second * second))
            moment = STARTED_AT + timedelta(seconds=second)
            assert not anomalies(watcher.observe(Reading("bus", moment, second, "ntp", asset, {"a": value})))


def test_what_is_no_reading_or_too_wide_is_refused() -> None:
    """A frame, or a hundred channels, is counted and passed over."""
    picture = Frame("cam-1", STARTED_AT, 0, "ntp", np.zeros((4, 4, 3), dtype=np.uint8))
    wide = reading(0, {f"channel_{number}": 1.0 for number in range(100)})
    for sample in (picture, wide):
        with pytest.raises(SampleRefused):
            task().observe(sample)


def test_a_reading_heard_twice_or_late_is_refused_and_changes_nothing() -> None:
    """Duplicates and readings out of order come from buses and brokers; they are counted, not learned."""
    rows = readings({"a": noise(1, 130), "b": noise(2, 130)})
    clean, muddled = task(), task()
    expected = heard(clean, rows)
    found = heard(muddled, rows[:50])
    for again in (rows[49], rows[30]):
        with pytest.raises(SampleRefused):
            muddled.observe(again)
    assert found + heard(muddled, rows[50:]) == expected


def test_a_clock_that_jumps_is_told_as_a_fault_of_the_clock() -> None:
    """1970 after a power cut: no machine alarm, the learned normal stays, and the jump is said once."""
    watcher = task()
    rows = readings({"a": noise(1, 200), "b": noise(2, 200)})
    heard(watcher, rows[:100])
    back = timedelta(days=20_000)
    after = [replace(row, taken_at=row.taken_at - back) for row in rows[100:]]
    told = anomalies(heard(watcher, after))
    assert [(each.subject, each.rule, each.phase) for each in told] == [
        ("sensor", "clock_jump", "onset"),
        ("sensor", "clock_jump", "end"),
    ]


def test_a_sensor_list_that_comes_back_finds_its_old_baseline() -> None:
    """A thermometer taken out for an hour must not cost what was learned."""
    watcher = task()
    heard(watcher, readings({"a": noise(1, 130)}))
    heard(watcher, readings({"a": noise(2, 65), "b": noise(3, 65)}, first_s=130))
    second = task()
    second.restore(watcher.snapshot())
    assert summaries(heard(second, readings({"a": noise(4, 61)}, first_s=200)))[0].learned == 1.0


def test_a_state_is_small_after_an_hour_of_eight_channels() -> None:
    """Window, evidence, limits and all: at most 8 KiB on the card."""
    watcher = task()
    heard(watcher, readings({f"c{place}": noise(place, 3600) for place in range(8)}))
    assert len(watcher.snapshot()) <= 8192


def test_irregular_sampling_with_gaps_of_hours_raises_no_alarm() -> None:
    """Readings that come when they come, and a night without any."""
    rng = np.random.default_rng(6)
    seconds = np.cumsum(np.round(rng.uniform(0.5, 3.0, 1500), 3))
    seconds[700:] += 9 * 3600
    rows = [reading(second, {"a": value, "b": 1.0}) for second, value in zip(seconds, noise(7, 1500), strict=True)]
    assert anomalies(heard(task(), rows)) == []


def test_a_channel_that_never_changes_is_normal_until_it_does() -> None:
    """A valve that is always open says nothing, until it closes."""
    column = np.where(np.arange(300) < 200, 1.0, 0.0)
    said = anomalies(heard(task(), readings({"valve": column, "b": noise(1, 300)})))
    assert said
    assert said[0].channels[0].channel == "valve"
