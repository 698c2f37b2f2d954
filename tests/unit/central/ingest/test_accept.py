"""The verdict on a batch: every hostile or broken one has its reason, and no bytes whatever raise."""

import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.ingest.accept import Accepted, Misplaced, News, Quarantined, Verdict, accept
from central.ingest.registry import Registry, Speaker
from protocols import codec, signing
from protocols.envelope import MAX_BATCH_BYTES, Batch
from protocols.messages.lost import Lost
from protocols.topics import EdgeTopic
from tests.makers import NOON, batch, event, shelf_count

KEY = signing.new_key()
REGISTRY: Registry = {"eye-01": Speaker("s1", KEY.public_key()), "old-01": Speaker("s1", KEY.public_key(), True)}
TOPIC = EdgeTopic("s1", "eye-01", "events")


def judge(payload: bytes, properties: Mapping[str, str] | None = None, topic: EdgeTopic = TOPIC) -> Verdict:
    """The verdict on bytes that are rightly signed."""
    return accept(topic, payload, {"sig": signing.sign(KEY, payload), **(properties or {})}, REGISTRY, NOON)


def judge_events(events: list[Any], **changes: Any) -> Verdict:
    """The verdict on a batch of events given as JSON values."""
    head = msgspec.json.decode(codec.encode(batch([event(1)], **changes)))
    return judge(codec.encode(head | {"events": events}))


def as_json(sequence: int, **changes: Any) -> dict[str, Any]:
    """An event as JSON values, with some of them replaced."""
    return {**msgspec.json.decode(codec.encode(event(sequence))), **changes}


def test_a_good_batch_is_accepted_whole() -> None:
    """Events in order, decoded, with the text of their data as it came."""
    verdict = judge(codec.encode(batch([event(7), event(8)], first=7)))
    assert isinstance(verdict, Accepted)
    assert (verdict.first, verdict.last, verdict.poison) == (7, 8, [])
    assert [taken.data for taken in verdict.taken] == [shelf_count(), shelf_count()]
    assert verdict.taken[0].text == codec.encode(shelf_count()).decode()


@given(st.binary(max_size=400), st.dictionaries(st.sampled_from(["sig", "enc"]), st.text(max_size=20)))
def test_no_bytes_raise(payload: bytes, properties: dict[str, str]) -> None:
    """Whatever comes under a genuine signature, there is a verdict."""
    assert isinstance(judge(payload, {k: v for k, v in properties.items() if k == "enc"}), Quarantined)
    assert isinstance(accept(TOPIC, payload, properties, REGISTRY, NOON), Quarantined)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)),
       st.sampled_from(sorted(as_json(1))))  # fmt: skip
def test_any_value_in_any_field_is_taken_or_set_aside(value: Any, field: str) -> None:
    """One spoilt field never costs the event beside it, unless it breaks the order of the batch."""
    verdict = judge_events([as_json(1) | {field: value}, as_json(2)])
    if isinstance(verdict, Quarantined):
        assert verdict.reason == "broken_order"
    else:
        assert isinstance(verdict, Accepted)
        assert verdict.last >= 2
        assert len(verdict.taken) + len(verdict.poison) == 2


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": "shelf_count/9"}, "unknown_kind"),
        ({"kind": "shelf_count"}, "unreadable"),
        ({"data": {"location": "b-04"}}, "bad_data"),
        ({"data": {**msgspec.to_builtins(shelf_count()), "sku": "\u200b"}}, "bad_data"),
        ({"monotonic_ms": 2**70}, "unreadable"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "bad_data"),
        ({"occurred_at": "yesterday"}, "unreadable"),
        ({"kind": "lost/1", "data": {"first": 9, "last": 12, "reason": "evicted"}}, "bad_data"),
    ],
)
def test_an_event_that_cannot_be_understood_is_set_aside_alone(changes: dict[str, Any], reason: str) -> None:
    """Its neighbours are taken and the cursor passes over it."""
    verdict = judge_events([as_json(1), as_json(2, **changes), as_json(3)])
    assert isinstance(verdict, Accepted)
    assert [taken.event.sequence for taken in verdict.taken] == [1, 3]
    assert [(poison.sequence, poison.reason) for poison in verdict.poison] == [(2, reason)]
    assert verdict.last == 3


def test_a_kind_that_nobody_knows_is_kept_raw() -> None:
    """A newer device may say more than the centre reads."""
    verdict = judge_events([as_json(1, kind="smell/1", data={"of": "oranges"})])
    assert isinstance(verdict, Accepted)
    assert verdict.taken[0].data is None
    assert verdict.taken[0].text == '{"of":"oranges"}'


def test_a_declared_loss_is_passed_over() -> None:
    """A hole is right when `lost` stands at its beginning."""
    lost = event(2, Lost(first=2, last=40, reason="evicted"))
    verdict = judge(codec.encode(batch([event(1), lost, event(41)])))
    assert isinstance(verdict, Accepted)
    assert [taken.last for taken in verdict.taken] == [1, 40, 41]
    assert verdict.last == 41


@pytest.mark.parametrize("sequences", [(1, 3), (2, 1), (1, 1), (2, 3)])
def test_a_batch_out_of_order_is_refused_whole(sequences: tuple[int, ...]) -> None:
    """Sequences rise by one from `first`; a hole without a declared loss would be silent loss."""
    verdict = judge(codec.encode(batch([event(n) for n in sequences], first=1)))
    assert isinstance(verdict, Quarantined)
    assert verdict.reason == "broken_order"


def test_a_wrong_signature_is_refused() -> None:
    """By another key, over other bytes, or missing."""
    payload = codec.encode(batch([event(1)]))
    foreign = signing.sign(signing.new_key(), payload)
    for properties in ({"sig": foreign}, {"sig": signing.sign(KEY, payload + b" ")}, {"sig": "§"}, {}):
        verdict = accept(TOPIC, payload, properties, REGISTRY, NOON)
        assert isinstance(verdict, Quarantined)
        assert verdict.reason == "bad_signature"


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        (EdgeTopic("s1", "eye-02", "events"), "unknown_device"),
        (EdgeTopic("s1", "old-01", "events"), "revoked"),
    ],
)
def test_a_stranger_is_not_heard(topic: EdgeTopic, reason: str) -> None:
    """Whoever is not on record, or no longer, is told so by its reason."""
    verdict = judge(codec.encode(batch([event(1)])), topic=topic)
    assert isinstance(verdict, Quarantined)
    assert verdict.reason == reason


def test_a_batch_of_another_device_is_refused() -> None:
    """The device in the batch must be the one of the topic."""
    verdict = judge(codec.encode(batch([event(1)], device="eye-02")))
    assert isinstance(verdict, Quarantined)
    assert verdict.reason == "wrong_device"


def test_a_batch_under_a_foreign_site_is_passed_over_whole() -> None:
    """It is genuine: kept, not landed, and the cursor moves."""
    verdict = judge(codec.encode(batch([event(4), event(5)])), topic=EdgeTopic("s2", "eye-01", "events"))
    assert isinstance(verdict, Misplaced)
    assert (verdict.first, verdict.last, verdict.reason) == (4, 5, "wrong_site")


def test_news_may_leave_out_what_lies_between() -> None:
    """Its events rise; what cannot be understood, and a loss, wait for their turn in the order lane."""
    lost = msgspec.json.decode(codec.encode(event(12, Lost(first=12, last=13, reason="evicted"))))
    poison = as_json(10) | {"kind": "shelf_count/9"}
    verdict = judge_events([as_json(9), poison, lost, as_json(20)], lane="news", first=9)
    assert isinstance(verdict, News)
    assert ([taken.event.sequence for taken in verdict.taken], verdict.first, verdict.last) == ([9, 20], 9, 20)


def test_news_that_does_not_rise_is_refused() -> None:
    """The sender is broken."""
    verdict = judge_events([as_json(9), as_json(8)], lane="news", first=8)
    assert isinstance(verdict, Quarantined)
    assert verdict.reason == "broken_order"


def test_news_under_a_foreign_site_is_only_answered() -> None:
    """It is kept whole when it comes in its place."""
    verdict = judge(codec.encode(batch([event(4)], lane="news")), topic=EdgeTopic("s2", "eye-01", "events"))
    assert isinstance(verdict, News)
    assert verdict.taken == []


def test_oversized_and_bombs_are_refused() -> None:
    """Above 64 kB as sent, or inflated."""
    for payload, encoding in ((b" " * (MAX_BATCH_BYTES + 1), {}), (zlib.compress(b" " * 10**7), {"enc": "zlib"})):
        verdict = judge(payload, encoding)
        assert isinstance(verdict, Quarantined)
        assert verdict.reason == "oversized"


@pytest.mark.parametrize("depth", [b"[" * 60_000, b'{"events":[' + b"[" * 60_000, b'{"a":' * 10_000])
def test_deep_nesting_is_unreadable(depth: bytes) -> None:
    """A tower of brackets does not end the process."""
    verdict = judge(depth)
    assert isinstance(verdict, Quarantined)
    assert verdict.reason == "unreadable"


def test_a_compressed_batch_is_accepted() -> None:
    """The signature is over the bytes as sent."""
    payload = zlib.compress(codec.encode(batch([event(1)])))
    assert isinstance(judge(payload, {"enc": "zlib"}), Accepted)


@pytest.mark.parametrize("occurred_at", [datetime(1970, 1, 1, tzinfo=UTC), NOON - timedelta(days=7), NOON])
def test_the_past_keeps_its_time(occurred_at: datetime) -> None:
    """Also that of a device that woke up in 1970."""
    verdict = judge(codec.encode(batch([event(1, occurred_at=occurred_at, clock="bad")])))
    assert isinstance(verdict, Accepted)
    assert verdict.taken[0].at == occurred_at


def test_the_future_counts_as_now() -> None:
    """A clock that runs ahead cannot make its words the latest for years."""
    verdict = judge(codec.encode(batch([event(1, occurred_at=NOON + timedelta(days=900))])))
    assert isinstance(verdict, Accepted)
    assert verdict.taken[0].at == NOON


@given(st.lists(st.integers(1, 200), min_size=1, max_size=50))
def test_what_is_accepted_covers_its_range_without_a_hole(sizes: list[int]) -> None:
    """The events taken, with their declared losses, fill `first` to `last` exactly."""
    events, sequence = [], 1
    for size in sizes:
        data = Lost(first=sequence, last=sequence + size - 1, reason="evicted") if size > 1 else None
        events.append(event(sequence, data))
        sequence += size
    verdict = judge(codec.encode(batch(events)))
    assert isinstance(verdict, Accepted)
    covered = [n for taken in verdict.taken for n in range(taken.event.sequence, taken.last + 1)]
    assert covered == list(range(1, sequence))
    assert isinstance(codec.read_batch(verdict.payload), Batch)
