"""Valid messages for tests, each field overridable, so that a test names only what it is about."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from protocols import codec, signing
from protocols.envelope import Batch, Event
from protocols.identity import uuid7
from protocols.messages.defect import Defect, DefectRegion
from protocols.messages.equipment_anomaly import ChannelEvidence, EquipmentAnomaly
from protocols.messages.registry import EventData, kind_of
from protocols.messages.sensor_summary import ChannelSummary, SensorSummary
from protocols.messages.shelf_count import ShelfCount

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def event_id(sequence: int) -> str:
    """A UUIDv7 that is the same for the same sequence."""
    return str(UUID(int=uuid7(1_764_000_000_000 + sequence, sequence.to_bytes(10, "big")).int))


def shelf_count(**changes: Any) -> ShelfCount:
    """Three oat milks on b-04."""
    fields: dict[str, Any] = {
        "location": "b-04", "sku": "oat-milk-1l", "camera": "cam-2", "facings": 3, "units": 3, "confidence": 0.93,
        "units_low": 3, "units_high": 4, "capacity": 12, "boxes": [(0.1, 0.2, 0.3, 0.4)],
    }  # fmt: skip
    return ShelfCount(**{**fields, **changes})


def defect(**changes: Any) -> Defect:
    """A part on line-1 that fails."""
    region = DefectRegion(box=(0.4, 0.4, 0.6, 0.6), score=3.2)
    fields: dict[str, Any] = {
        "camera": "cam-4",
        "line": "line-1",
        "verdict": "fail",
        "score": 3.2,
        "threshold": 2.0,
        "regions": [region],
    }
    return Defect(**{**fields, **changes})


def equipment_anomaly(**changes: Any) -> EquipmentAnomaly:
    """The conveyor vibrates more than learned."""
    channel = ChannelEvidence(
        channel="vibration_mm_s", unit="mm/s", observed=7.1, expected=1.3, expected_low=0.9, expected_high=1.8
    )
    fields: dict[str, Any] = {
        "asset": "conveyor-1", "phase": "onset", "subject": "machine", "rule": "ewma_z", "severity": "alarm", "score": 9.0,
        "limit": 4.0, "since": NOON, "state": "steady", "channels": [channel],
    }  # fmt: skip
    return EquipmentAnomaly(**{**fields, **changes})


def sensor_summary(**changes: Any) -> SensorSummary:
    """A minute of the conveyor."""
    channel = ChannelSummary(channel="vibration_mm_s", unit="mm/s", n=60, min=1.1, mean=1.3, max=1.5, rms=1.3)
    fields: dict[str, Any] = {
        "asset": "conveyor-1", "started_at": NOON, "window_s": 60.0, "state": "steady", "score": 0.7, "limit": 4.0,
        "learned": 1.0, "channels": [channel],
    }  # fmt: skip
    return SensorSummary(**{**fields, **changes})


def event(sequence: int, data: EventData | None = None, **changes: Any) -> Event:
    """An event of device eye-01 around `data`, a shelf count by default."""
    data = data or shelf_count()
    fields: dict[str, Any] = {
        "sequence": sequence, "id": event_id(sequence), "kind": kind_of(data), "occurred_at": NOON,
        "monotonic_ms": sequence * 1000, "clock": "ntp", "data": msgspec.Raw(codec.encode(data)),
    }  # fmt: skip
    return Event(**{**fields, **changes})


def batch(events: list[Event], **changes: Any) -> Batch:
    """A batch of device eye-01 that begins with the first of `events`."""
    fields: dict[str, Any] = {
        "device": "eye-01", "boot": "b3f1", "lane": "order", "first": events[0].sequence, "sent_at": NOON, "events": events,
    }  # fmt: skip
    return Batch(**{**fields, **changes})


def signed(key: signing.PrivateKey, message: object) -> tuple[bytes, str]:
    """A message as sent, and its signature."""
    payload = codec.encode(message)
    return payload, signing.sign(key, payload)
