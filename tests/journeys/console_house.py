"""A believable house in a database, and the web server over it: what the console's tests look at.

Twelve shelves with pictures, three machines of which one is in alarm, two devices, one thing in quarantine, proposals made
by the real capability. `ConsoleHouse` can go on living: count, sell, fall ill.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from math import sin
from pathlib import Path
from threading import Thread
from uuid import uuid4

import cv2
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import Connection, Engine
from werkzeug.serving import WSGIRequestHandler, make_server

from central.app import create_app
from central.console import live
from central.deciding import run
from central.deciding.registry import discover
from central.deciding.waking import wake
from central.demo.company import open_doors, settle_in
from central.floor import alarm_book, stock
from central.floor.alarm_book import Told
from central.floor.alarms import Acknowledged, Cleared, Raised, Shelved
from central.identity import sessions
from central.identity.passwords import Passwords
from central.parts import Parts
from central.store import (
    catalogue,
    changes,
    conditions,
    devices,
    due,
    events,
    evidence,
    people,
    positions,
    quarantine,
    readings,
    schema,
)
from central.store.counts import Count
from central.store.devices import Device, Ledger
from central.store.engine import open_engine, reading, writing
from central.store.evidence import Piece
from central.store.movements import Movement
from central.store.quarantine import Held
from central.store.types import instant_text
from firmware_sim.render.picture_set import ShelfPicture, part_picture, shelf_pictures
from protocols import codec
from protocols.messages.defect import DefectRegion
from protocols.messages.device import Birth, Health, OutboxHealth, SourceHealth, TaskAnnouncement
from protocols.messages.equipment_anomaly import ChannelEvidence
from protocols.messages.evidence import READINGS_TYPE, Stretch, StretchChannel
from protocols.messages.picture import Box
from protocols.messages.registry import EventData, kind_of
from tests import makers

SITE = "s1"
BROKER = "mqtt://127.0.0.1:18883"
PASSWORD = "oat milk on B-04"  # of people who exist in tests only
SHORT = {"b-04": 3, "a-03": 9, "c-02": 0}  # what the cameras see where it is not what the book says


@cache
def shelf_pool() -> tuple[ShelfPicture, ...]:
    """Pictures of shelves with many different numbers of cartons."""
    return tuple(shelf_pictures(seed=4_000_000, frames=5))


@cache
def _password_hash() -> str:
    """PASSWORD as argon2id at the least cost: tests sign in often."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)).hashed(PASSWORD)


def picture_of(units: int) -> tuple[bytes, list[Box]]:
    """A JPEG of a shelf with about that many cartons, and the places of exactly as many as there are boxes for."""
    shown = min(shelf_pool(), key=lambda one: abs(len(one.boxes_px) - units))
    height, width = shown.picture.shape[:2]
    small = cv2.resize(shown.picture, (width * 2 // 3, height * 2 // 3))
    jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 75])[1].tobytes()
    scale = (width, height, width, height)
    return jpeg, [tuple(float(x) / s for x, s in zip(box, scale, strict=True)) for box in shown.boxes_px[:units]]


@dataclass
class ConsoleHouse:
    """The house and what can happen in it. `now` is the clock of its server and its devices."""

    engine: Engine
    now: Callable[[], datetime]
    _sequences: dict[str, int] = field(default_factory=dict)

    @property
    def parts(self) -> Parts:
        """What the web server is built on."""
        return Parts(engine=self.engine, capabilities=discover(), now=self.now, site=SITE, broker=BROKER)

    def furnish(self) -> None:
        """Fill the empty house."""
        with writing(self.engine) as conn:
            settle_in(conn, self.now())
            open_doors(conn, self.now() - timedelta(hours=3))
            for device in ("eye-01", "ear-01"):
                devices.add(conn, Device(device, SITE, device, "key", self.now() - timedelta(days=1)))
        self.devices_speak()
        self.sell_for_hours()
        for location in self._places():
            self.count(location, SHORT.get(location))
        self.find_defects(3)
        self.machines_run(minutes=90)
        self.conveyor_falls_ill()
        self.pump_is_being_repaired()
        self.refuse_one()
        self.decide()

    def people(self) -> None:
        """Li and Chen may act, Wang may look."""
        for name, role in (("li", "admin"), ("chen", "admin"), ("wang", "viewer")):
            self.person(name, role)

    def person(self, name: str, role: str) -> None:
        """One more who may sign in."""
        with writing(self.engine) as conn:
            people.add_user(conn, name, role, self.now(), _password_hash())

    def session_of(self, name: str) -> str:
        """The secret of a new session."""
        with writing(self.engine) as conn:
            person = people.person_named(conn, name)
            assert person is not None
            return sessions.open_session(conn, person, self.now(), "127.0.0.1")

    def count(self, location: str, units: int | None = None, at: datetime | None = None) -> int:
        """A camera counts a shelf: the event, its picture, the position and what follows. Returns the event's number."""
        shelf = self._places()[location]
        standing = self._book(location) if units is None else units
        jpeg, boxes = picture_of(standing)
        message = makers.shelf_count(
            location=location, sku=shelf.sku, camera=shelf.camera, facings=standing, units=standing, capacity=shelf.facings,
            units_low=max(0, standing - 1), units_high=standing + 1, boxes=boxes, confidence=0.94,
        )  # fmt: skip
        moment = at or self.now()
        with writing(self.engine) as conn:
            sequence = self.event(conn, "eye-01", message, moment, jpeg, "image/jpeg")
            made = Count(location, shelf.sku, standing, 0.94, moment, "eye-01", sequence)
            wake(conn, discover(), stock.record_counts(conn, SITE, [made], self.now()), self.now())
        return sequence

    def sell_for_hours(self) -> None:
        """Every shelf has sold a little since the doors opened, and was counted now and then."""
        start = self.now() - timedelta(hours=3)
        for number, (location, shelf) in enumerate(self._places().items()):
            sold = [
                Movement(id=str(uuid4()), kind="sale", sku=shelf.sku, location=location, quantity=-1, occurred_at=moment)
                for moment in (start + timedelta(minutes=number * 3 + 33 * step) for step in range(1, 5))
            ]
            with writing(self.engine) as conn:
                stock.post_movements(conn, SITE, sold, "till", self.now())

    def find_defects(self, number: int) -> None:
        """Parts on the belt that do not look like the good ones."""
        for part in range(number):
            picture = part_picture(5_000_000, part, "scratch").frame
            jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 75])[1].tobytes()
            regions = [DefectRegion(box=(0.42, 0.40, 0.58, 0.55), score=3.2, label="anomaly")]
            message = makers.defect(camera="cam-4", line="line-1", regions=regions)
            with writing(self.engine) as conn:
                self.event(conn, "eye-01", message, self.now() - timedelta(minutes=7 * part + 2), jpeg, "image/jpeg")

    def machines_run(self, minutes: int) -> None:
        """An hour and a half of readings of each machine, a row a minute and channel."""
        levels = {"vibration_mm_s": ("mm/s", 1.3), "temperature_c": ("°C", 41.0), "current_a": ("A", 3.7)}
        rows: list[readings.ReadingRow] = []
        for machine in ("conveyor-1", "compressor-1", "pump-1"):
            for minute in range(minutes, 0, -1):
                at = instant_text(self.now() - timedelta(minutes=minute))
                ill = machine == "conveyor-1" and minute < 14
                for channel, (unit, level) in levels.items():
                    mean = level * (1 + 0.04 * sin(minute / 3)) + (5.6 if ill and channel == "vibration_mm_s" else 0)
                    low, high = level * 0.9, level * 1.1
                    row = (SITE, machine, channel, at, unit, 60, mean * 0.95, mean, mean * 1.05, mean, low, high)
                    rows.append(row)
        with writing(self.engine) as conn:
            readings.put(conn, rows, [])
            for machine in ("compressor-1", "pump-1"):
                self._condition(conn, machine, "normal", 1)

    def conveyor_falls_ill(self) -> None:
        """The conveyor's bearing: an alarm with the stretch of readings around its onset."""
        since = self.now() - timedelta(minutes=14)
        times = [float(second) for second in range(-60, 61)]
        values: list[float | None] = [1.3 + 0.1 * sin(t) + max(0.0, t) * 0.1 for t in times]
        channel = StretchChannel(channel="vibration_mm_s", unit="mm/s", values=values)
        start = since - timedelta(seconds=60)
        stretch = Stretch(asset="conveyor-1", started_at=start, times_s=[t + 60 for t in times], channels=[channel])
        seen = ChannelEvidence(
            channel="vibration_mm_s",
            unit="mm/s",
            observed=7.1,
            expected=1.3,
            expected_low=1.1,
            expected_high=1.5,
            contribution=0.92,
        )
        anomaly = makers.equipment_anomaly(since=since, rule="level", channels=[seen])
        with writing(self.engine) as conn:
            sequence = self.event(conn, "ear-01", anomaly, since, codec.encode(stretch), READINGS_TYPE)
            self._condition(conn, "conveyor-1", "alarm", sequence, since, [json.loads(codec.encode(seen))])
            self._hear(conn, "conveyor-1", Raised(since, 1), event=("ear-01", sequence))

    def pump_is_being_repaired(self) -> None:
        """An alarm that Li has put away for an hour."""
        with writing(self.engine) as conn:
            self._hear(conn, "pump-1", Raised(self.now(), 2), rule="drift")
            until = self.now() + timedelta(hours=1)
            shelved = Shelved(self.now(), "li", until, "repair")
            alarm_book.act(conn, SITE, "machine/pump-1/drift", shelved, self.now())

    def falls_ill(self, machine: str, rule: str = "level", *, is_latching: bool = False) -> None:
        """A machine goes into alarm, this moment."""
        with writing(self.engine) as conn:
            self._condition(conn, machine, "alarm", 1, self.now())
            self._hear(conn, machine, Raised(self.now(), 1, is_latching), rule=rule)

    def recovers(self, machine: str, rule: str = "level") -> None:
        """It is normal again; a person who passes by acknowledges what is left."""
        self.calms_down(machine, rule)
        with writing(self.engine) as conn:
            known = alarm_book.one(conn, SITE, f"machine/{machine}/{rule}")
            if not known.life.is_acknowledged:
                alarm_book.act(conn, SITE, known.alarm, Acknowledged(self.now(), "chen"), self.now())

    def calms_down(self, machine: str, rule: str = "level") -> None:
        """Its condition is normal again; what people have to say of its alarm is theirs to say."""
        with writing(self.engine) as conn:
            self._condition(conn, machine, "normal", 1)
            self._hear(conn, machine, Cleared(self.now()), rule=rule)

    def falls_silent(self, device: str) -> None:
        """A device is not heard any more."""
        with writing(self.engine) as conn:
            self._hear(conn, device, Raised(self.now(), 3), noun="device", rule="silent")

    def refuse_one(self) -> None:
        """A message with a bad signature goes into quarantine."""
        detail = "the signature does not fit the device's key; add the device again with: tallyhouse device add eye-01"
        held = Held("bad_signature", detail, "tallyhouse/v1/s1/eye-01/up/events", b"{}", "eye-01", 17)
        with writing(self.engine) as conn:
            quarantine.hold(conn, [held], self.now())
            changes.log_all(conn, [(SITE, "quarantine", "eye-01")], self.now())

    def devices_speak(self) -> None:
        """Both devices say that they are well."""
        for device, sources in (("eye-01", ("cam-1", "cam-2", "cam-3", "cam-4")), ("ear-01", ("plant",))):
            task = TaskAnnouncement(kind="shelf_count", source=sources[0], model="shelf-units 0.1.0")
            birth = Birth(boot="b3f1", started_at=self.now() - timedelta(hours=3), version="0.1.0", tasks=[task])
            spool = OutboxHealth(count=2, bytes=900, oldest_age_s=0.4, last_sequence=40)
            held_back, over_budget = (1_204, 7) if device == "eye-01" else (0, 0)
            states = [
                SourceHealth(id=source, state="ok", samples=21_600, dropped=3, held_back=held_back, over_budget=over_budget)
                for source in sources
            ]
            health = Health(
                boot="b3f1", at=self.now(), outbox=spool, clock="ntp", sources=states, cpu_percent=31.0, memory_mb=84.0,
                temperature_c=52.5, disk_free_mb=20_480.0,
            )  # fmt: skip
            said = {"birth": json.loads(codec.encode(birth)), "health": json.loads(codec.encode(health))}
            with writing(self.engine) as conn:
                devices.heard(conn, device, self.now(), online=True, boot="b3f1", **said)
                devices.put_ledgers(conn, [Ledger(device, cursor=40, highest_seen=40, stored=39, quarantined=1)])
                changes.log_all(conn, [(SITE, "device", device)], self.now())

    def decide(self) -> None:
        """Run every capability on all that is due, as the background process would."""
        cards = {card.name: card for card in discover()}
        with reading(self.engine) as conn:
            waiting = due.ready(conn, self.now() + timedelta(hours=1), 1000)
        for task in waiting:
            run.run(self.engine, cards[task.capability], task, self.now)

    def event(self, conn: Connection, device: str, message: EventData, at: datetime, content: bytes, media_type: str) -> int:
        """An event of a device lands, with its evidence."""
        sequence = self._sequences[device] = self._sequences.get(device, 100) + 1
        name = f"sha256:{sha256(content).hexdigest()}"
        kind = kind_of(message)
        row = (
            device, sequence, makers.event_id(sequence), SITE, kind, instant_text(at), instant_text(self.now()), "b3f1",
            sequence * 1000, "ntp", "shelf-units 0.1.0", name, codec.encode(message).decode(), None,
        )  # fmt: skip
        events.append(conn, [row])
        evidence.keep(conn, Piece(name, device, media_type, at, content), self.now())
        changes.log_all(conn, [(SITE, "event", kind.partition("/")[0])], self.now())
        return sequence

    def _condition(
        self, conn: Connection, machine: str, condition: str, sequence: int, since: datetime | None = None,
        channels: list[dict[str, object]] | None = None,
    ) -> None:  # fmt: skip
        row: dict[str, object] = {
            "site": SITE, "machine": machine, "condition": condition, "operating_state": "steady", "limit": 4.0,
            "score": 9.0 if condition == "alarm" else 0.7, "learned": 1.0, "rule": "level" if since else None,
            "since": since, "channels": channels, "device": "ear-01", "sequence": sequence, "as_of": self.now(),
        }  # fmt: skip
        conditions.put(conn, [row])
        changes.log_all(conn, [(SITE, "condition", machine)], self.now())

    def _hear(
        self, conn: Connection, thing: str, happening: Raised | Cleared, *, noun: str = "machine", rule: str = "level",
        event: tuple[str, int] | None = None,
    ) -> None:  # fmt: skip
        told = Told(noun=noun, thing=thing, rule=rule, happening=happening, event=event)
        alarm_book.hear(conn, SITE, [told], self.now())

    def _book(self, location: str) -> int:
        with reading(self.engine) as conn:
            return sum(there.book for (place, _sku), there in positions.of_site(conn, SITE).items() if place == location)

    def _places(self) -> dict[str, catalogue.Shelf]:
        with reading(self.engine) as conn:
            return {shelf.location: shelf for shelf in catalogue.all_of(conn, catalogue.Shelf, SITE)}


def furnished(folder: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> ConsoleHouse:
    """A furnished house of its own in `folder`, with Li and Wang in it. Close its engine with `dispose`."""
    house = empty(folder, now)
    house.furnish()
    house.people()
    return house


def copy_of(house: ConsoleHouse, folder: Path) -> ConsoleHouse:
    """The same house as it stands, to do things to: much cheaper than to furnish another."""
    there = folder / "house.db"
    with reading(house.engine) as conn, closing(sqlite3.connect(there)) as copy:
        raw = conn.connection.dbapi_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.backup(copy)
    return ConsoleHouse(open_engine(there), house.now, dict(house._sequences))


def empty(folder: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> ConsoleHouse:
    """A house in which nothing was loaded."""
    engine = open_engine(folder / "house.db")
    schema.upgrade(engine)
    return ConsoleHouse(engine, now)


class _Quiet(WSGIRequestHandler):
    """Does not log each request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


@contextmanager
def serving(parts: Parts, port: int = 0) -> Iterator[str]:
    """The web server on loopback, at `port` or a free one; its address."""
    app: Flask = create_app(parts, secret_key=b"of this test only")
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        live.stop(app)
        server.shutdown()
        thread.join()
        server.server_close()
