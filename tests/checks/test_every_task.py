"""What is true of every task in the house, whatever it sees or senses."""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest
from jsonschema import Draft202012Validator
from numpy.typing import NDArray

import vision_models
from edge_agent.errors import SampleRefused, SnapshotRejected
from edge_agent.registry import task_card, task_kinds
from edge_agent.sample import Frame, Reading, Sample
from edge_agent.task import Context, Finding, Picture, Task, TaskCard
from protocols.codec import encode
from protocols.messages.evidence import MAX_EVIDENCE_BYTES, Stretch
from protocols.messages.registry import kind_of, read_data

WEIGHTS = Path(vision_models.__path__[0]) / "weights"
REPOSITORY = Path(__file__).parents[2]
STARTED_AT = datetime(2026, 11, 24, 9, tzinfo=UTC)

every_task = pytest.mark.parametrize("card", [task_card(kind) for kind in task_kinds()], ids=lambda card: card.kind)


def built(card: TaskCard) -> Task:
    example = card.example()
    return card.build(example.settings, Context("cam-1", WEIGHTS, profile=None, units=example.units))


def said(task: Task, samples: Sequence[Sample]) -> list[Finding]:
    findings = [finding for sample in samples for finding in task.observe(sample)]
    return findings + list(task.finish())


@every_task
def test_the_example_leads_to_a_finding_of_a_kind_the_card_names(card: TaskCard) -> None:
    """An example that shows nothing would make every other check hollow."""
    kinds = {kind_of(finding.data) for finding in said(built(card), card.example().samples)}
    assert kinds
    assert kinds <= set(card.messages)


@every_task
def test_findings_name_the_model_that_the_birth_tells_of(card: TaskCard) -> None:
    """Else nobody could say which devices a bad release runs on."""
    task = built(card)
    assert {finding.model for finding in said(task, card.example().samples)} == {task.model}


@every_task
def test_same_samples_give_the_same_findings(card: TaskCard) -> None:
    """Two tasks of one kind never disagree."""
    samples = card.example().samples
    assert said(built(card), samples) == said(built(card), samples)


@every_task
def test_nothing_is_read_or_sent_while_observing(card: TaskCard, no_io: Callable[[], AbstractContextManager[None]]) -> None:
    """Files and sockets are the business of doors."""
    task, samples = built(card), card.example().samples
    with no_io():
        said(task, samples)


@every_task
def test_a_restored_task_goes_on_as_if_never_stopped(card: TaskCard) -> None:
    """A power cut at any sample leaves no trace in what is concluded."""
    samples = card.example().samples
    unbroken = said(built(card), samples)
    for cut in (1, len(samples) // 3, len(samples) // 2, len(samples) - 1):
        first = built(card)
        findings = [finding for sample in samples[:cut] for finding in first.observe(sample)]
        second = built(card)
        second.restore(first.snapshot())
        assert findings + said(second, samples[cut:]) == unbroken


@every_task
@pytest.mark.parametrize(
    "state", [b"{", b"[]", b'{"version": 999}', b"\xff\xfe", b'{"version": 1, "regions": 3, "gate": 3, "assets": 3}']
)
def test_a_damaged_state_is_rejected_and_the_task_starts_anew(card: TaskCard, state: bytes) -> None:
    """Whatever stands on a worn card, the next sample is looked at."""
    task, samples = built(card), card.example().samples
    with pytest.raises(SnapshotRejected):
        task.restore(state)
    assert said(task, samples) == said(built(card), samples)


@every_task
def test_absurd_samples_are_refused_or_survived(card: TaskCard) -> None:
    """Nonsense raises SampleRefused at most, and sense is still understood after it."""
    task = built(card)
    findings: list[Finding] = []
    for sample in absurd_samples(card.samples):
        with suppress(SampleRefused):
            findings += task.observe(sample)
    findings += said(task, card.example().samples)
    assert_all_can_be_sent(findings)


@every_task
def test_what_is_said_survives_the_wire(card: TaskCard) -> None:
    """Decode after encode is identity, and evidence fits into one message."""
    assert_all_can_be_sent(said(built(card), card.example().samples))


@every_task
def test_settings_describe_themselves(card: TaskCard) -> None:
    """The console draws a form from the schema, so each field has a title and the defaults obey it."""
    schema = msgspec.json.decode(encode(msgspec.json.schema(card.settings)))
    Draft202012Validator.check_schema(schema)
    definition = schema["$defs"][card.settings.__name__]
    assert all("title" in field for field in definition["properties"].values())
    for chosen in (card.example().settings, card.settings()):
        Draft202012Validator(schema).validate(msgspec.json.decode(encode(chosen)))


@every_task
def test_a_task_is_held_against_a_peer(card: TaskCard) -> None:
    """A benchmark is named and exists, or the card says why not yet."""
    is_measured = card.measured_by is not None and (REPOSITORY / "benchmarks" / f"{card.measured_by}.py").is_file()
    assert is_measured or card.exempt.get("benchmark")


def test_a_task_is_called_like_its_folder() -> None:
    """What the wire calls it is where to look for it."""
    assert [task_card(kind).kind for kind in task_kinds()] == task_kinds()


def assert_all_can_be_sent(findings: Sequence[Finding]) -> None:
    for finding in findings:
        assert read_data(kind_of(finding.data), encode(finding.data)) == finding.data
        if isinstance(finding.evidence, Picture):
            assert finding.evidence.jpeg.startswith(b"\xff\xd8")
            assert len(finding.evidence.jpeg) <= 30_000
        if isinstance(finding.evidence, Stretch):
            assert len(encode(finding.evidence)) <= MAX_EVIDENCE_BYTES


def absurd_samples(kind: type[Sample]) -> list[Sample]:
    """Samples of the right kind that make no sense, and one of the wrong kind."""
    frames: list[Sample] = [frame(number, pixels) for number, pixels in enumerate(absurd_pictures())]
    readings: list[Sample] = [reading(number, values) for number, values in enumerate(absurd_values())]
    return [*frames, *readings] if kind is Frame else [*readings, *frames]


def absurd_pictures() -> list[NDArray[np.uint8]]:
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    flat = [
        np.full((h, w, 3), grey, dtype=np.uint8) for h, w, grey in [(1, 1, 0), (480, 640, 0), (480, 640, 255), (2, 4000, 90)]
    ]
    return [*flat, noise, noise[:, :, :0], noise[:0], noise[:, :, 0]]


def absurd_values() -> list[Mapping[str, float | None]]:
    many = {f"channel_{number}": 1.0 for number in range(200)}
    return [
        {},
        {"a": None},
        {"a": None, "b": None},
        {"a": math.nan, "b": math.inf},
        {"a": 1e308, "b": -1e308},
        {"": 1.0, "Ünïcode °C": 2.0, "9": 3.0},
        many,
    ]


def frame(number: int, pixels: NDArray[np.uint8]) -> Frame:
    return Frame("cam-1", STARTED_AT + timedelta(seconds=number), number * 1000, "ntp", pixels)


def reading(number: int, values: Mapping[str, float | None]) -> Reading:
    """Time runs backwards, as a clock that is being set may."""
    return Reading("motor-1", STARTED_AT - timedelta(hours=number), number * 1000, "bad", "motor-1", values)
