"""What the ingest benchmark sends: signed batches of twenty devices, as MQTT 5 packets ready for the socket.

The mix is what the demo house sends: of a hundred events eighty-six shelf counts with a box for each carton, four
minutes of a machine with four channels, nine defects, one anomaly. A shelf's units change in one count of three.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from protocols import codec, signing, topics
from protocols.envelope import BATCH_CONTENT_TYPE, Batch, Event
from protocols.identity import uuid7
from protocols.messages.defect import Defect, DefectRegion
from protocols.messages.equipment_anomaly import ChannelEvidence, EquipmentAnomaly
from protocols.messages.registry import EventData, kind_of
from protocols.messages.sensor_summary import ChannelSummary, SensorSummary
from protocols.messages.shelf_count import ShelfCount

SITE = "s1"
SHELVES, CAPACITY = 12, 12
STARTED_AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
CHANNELS = (("vibration_mm_s", "mm/s"), ("temperature_c", "°C"), ("current_a", "A"), ("speed_rpm", "1/min"))
MODEL = "shelf-0.1.0@sha256:ab12cd34ef56"


class Packet(Struct, frozen=True, array_like=True):
    """A PUBLISH as it goes over the wire; last: the sequence of the last event in it."""

    device: str
    last: int
    data: bytes


@dataclass
class Device:
    """One device and where its stream stands."""

    name: str
    key: signing.PrivateKey
    rng: random.Random
    sequence: int = 0
    units: list[int] = field(default_factory=lambda: [CAPACITY] * SHELVES)

    def packets(self, events: int, batch_events: int) -> Iterator[Packet]:
        """The next so many events, in batches of so many."""
        for _ in range(events // batch_events):
            yield self._packet([self._event() for _ in range(batch_events)])

    def concluded(self, at: datetime) -> EventData:
        """What it finds next."""
        kind = self.rng.random()
        if kind < 0.86:
            return self._count()
        if kind < 0.90:
            return self._summary(at)
        return self._defect() if kind < 0.99 else self._anomaly(at)

    def _packet(self, events: list[Event]) -> Packet:
        batch = Batch(
            device=self.name, boot="b3f1", lane="order", first=events[0].sequence, sent_at=STARTED_AT, events=events
        )
        payload = codec.encode(batch)
        properties = {"v": "1", "sig": signing.sign(self.key, payload)}
        topic = topics.up(SITE, self.name, "events")
        number = self.sequence % 60_000 + 1
        return Packet(self.name, self.sequence, publish(topic, payload, properties, number))

    def _event(self) -> Event:
        self.sequence += 1
        at = STARTED_AT + timedelta(seconds=self.sequence)
        data = self.concluded(at)
        return Event(
            sequence=self.sequence,
            id=str(uuid7(int(at.timestamp() * 1000), self.rng.randbytes(10))),
            kind=kind_of(data),
            occurred_at=at,
            monotonic_ms=self.sequence * 1000,
            clock="ntp",
            data=msgspec.Raw(codec.encode(data)),
            model=MODEL,
        )

    def _count(self) -> ShelfCount:
        shelf = self.rng.randrange(SHELVES)
        if self.rng.random() < 1 / 3:
            self.units[shelf] = (self.units[shelf] - 1) % (CAPACITY + 1)
        units = self.units[shelf]
        return ShelfCount(
            location=f"{self.name}-{shelf:02d}",
            sku=f"item-{shelf:02d}",
            camera="cam-1",
            facings=units,
            units=units,
            units_low=units,
            units_high=units,
            confidence=self._fraction(),
            capacity=CAPACITY,
            frames=5,
            boxes=[(self._fraction(), self._fraction(), self._fraction(), self._fraction()) for _ in range(units)],
        )

    def _summary(self, at: datetime) -> SensorSummary:
        channels = [
            ChannelSummary(channel=name, unit=unit, n=60, min=1.1, mean=1.3, max=1.5, rms=1.31) for name, unit in CHANNELS
        ]
        score = self._fraction()
        return SensorSummary(
            asset=f"{self.name}-m",
            started_at=at,
            window_s=60,
            state="steady",
            score=score,
            limit=4,
            learned=1,
            channels=channels,
        )

    def _defect(self) -> Defect:
        region = DefectRegion(box=(0.4, 0.4, 0.6, 0.6), score=3.2)
        return Defect(camera="cam-4", line="line-1", verdict="fail", score=3.2, threshold=2, regions=[region])

    def _anomaly(self, at: datetime) -> EquipmentAnomaly:
        channel = ChannelEvidence(channel="vibration_mm_s", unit="mm/s", observed=7.1, expected=1.3)
        return EquipmentAnomaly(
            asset=f"{self.name}-m",
            phase=self.rng.choice(("onset", "end")),
            subject="machine",
            rule="ewma_z",
            severity="alarm",
            score=9,
            limit=4,
            since=at,
            state="steady",
            channels=[channel],
        )

    def _fraction(self) -> float:
        return round(self.rng.random(), 4)


def fleet(devices: int, seed: int) -> list[Device]:
    """So many devices with their keys."""
    return [Device(f"dev-{n:02d}", signing.new_key(), random.Random(seed + n)) for n in range(devices)]


def publish(topic: str, payload: bytes, properties: dict[str, str], number: int) -> bytes:
    """A PUBLISH with QoS 1 (MQTT 5, §3.3): user properties 0x26, content type 0x03."""
    said = b"".join(b"\x26" + _text(name) + _text(value) for name, value in properties.items())
    said += b"\x03" + _text(BATCH_CONTENT_TYPE)
    body = _text(topic) + number.to_bytes(2, "big") + variable(len(said)) + said + payload
    return b"\x32" + variable(len(body)) + body


def variable(number: int) -> bytes:
    """A variable byte integer (§1.5.5)."""
    digits = bytearray()
    while True:
        number, digit = divmod(number, 128)
        digits.append(digit | (0x80 if number else 0))
        if not number:
            return bytes(digits)


def _text(value: str) -> bytes:
    encoded = value.encode()
    return len(encoded).to_bytes(2, "big") + encoded
