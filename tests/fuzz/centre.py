"""The doors of `central`: what devices, programs and whoever writes its files can give it."""

import shutil
import zlib
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import json
from sqlalchemy import Connection

from central import config, house_file
from central.backup.manifest import MANIFEST, BackupFolder
from central.backup.manifest import Manifest as BackupManifest
from central.bus import Message
from central.errors import BackupError, ConfigError, HouseFileError, Refused, SecretError
from central.fleet import bundle, certificates
from central.fleet.archives import Archives
from central.fleet.certificates import requested_key
from central.fleet.settings_schema import faults
from central.ingest.judging import Judge
from central.ingest.land import land
from central.ingest.registry import Speaker
from central.ingest.signatures import claimed
from central.ingest.speakers import Speakers
from central.ingest.verdicts import judge
from central.store.devices import Device
from central.store.releases import Release
from edge_agent.errors import ConfigError as ConfigOfDevice
from edge_agent.link.enrolment import request_of
from edge_agent.link.papers import Papers
from protocols import codec
from protocols.errors import BadSignature
from protocols.messages.evidence import Evidence
from protocols.signing import public_text, sign
from tests.fuzz.door import Door
from tests.fuzz.language import KEY, MESSAGES, REPLY, batches, golden
from tests.makers import NOON
from tests.parts.house import House

REGISTRY = {"eye-01": Speaker("s1", KEY.public_key())}
UP = "tallyhouse/v1/edge/s1/eye-01/up"
PUBLIC = public_text(KEY)


def doors(folder: Path, leaving: ExitStack) -> list[Door]:
    """All of them; `folder` is for the files of those that read files, `leaving` closes what they hold open."""
    return [
        *_of_ingest(),
        *_of_landing(folder, leaving),
        *_of_files(folder),
        Door("certificate request", [request_of(KEY).encode()], _request, (BadSignature,), 0.1),
        Door("certificate", [_certificate()], partial(_certificates, folder), (SecretError, ConfigOfDevice), 0.1),
        Door("settings schema", [_schema()], _settings, (), 1.0),
    ]


def _of_ingest() -> list[Door]:
    """Bytes from the broker, rightly signed by a device that has gone mad, to a verdict."""
    states = {branch: [good for kind in kinds for good in MESSAGES[kind]] for branch, kinds in _STATES.items()}
    return [
        Door("accept", batches(), partial(_judged, "events"), (), 2.0),
        Door("accept zlib", batches(), lambda content: _judged("events", zlib.compress(content, 1), enc="zlib"), (), 0.5),
        Door("accept spoilt zlib", [zlib.compress(one) for one in batches()], _spoilt_zlib, (), 0.5),
        Door("accept another's signature", [sign(KEY, golden("batch")).encode()], _of_signature, (), 0.3),
        Door("judge any topic", [f"{UP}/events".encode(), f"{UP}/status".encode()], _of_topic, (), 0.3),
        Door("replies", [codec.encode(REPLY)], partial(_judged, "replies"), (), 0.5),
        Door("evidence", [golden("evidence")], partial(_judged, "evidence"), (), 0.5),
        *(Door(f"presence {branch}", good, partial(_judged, branch), (), 0.5) for branch, good in states.items()),
    ]


_STATES = {
    branch: [kind for kind in MESSAGES if getattr(kind, "__name__", "Status") == name]
    for branch, name in {"status": "Status", "health": "Health", "reported": "Reported"}.items()
}


def _judged(branch: str, content: bytes, **properties: str) -> None:
    judge(f"{UP}/{branch}", content, {"sig": sign(KEY, content), **properties}, REGISTRY, NOON)


def _spoilt_zlib(content: bytes) -> None:
    _judged("events", content, enc="zlib")


def _of_signature(content: bytes) -> None:
    text = content.decode("utf-8", "replace")
    claimed(KEY.public_key(), golden("batch"), text)
    for branch in ("events", "evidence", "replies", "status"):
        judge(f"{UP}/{branch}", golden("batch"), {"sig": text, "enc": text}, REGISTRY, NOON)


def _of_topic(content: bytes) -> None:
    payload = golden("batch")
    judge(content.decode("utf-8", "replace"), payload, {"sig": sign(KEY, payload)}, REGISTRY, NOON)


def _of_landing(folder: Path, leaving: ExitStack) -> list[Door]:
    """The same, and into a real database: what was judged good must land."""
    house = House(folder)
    leaving.callback(house.close)
    device = Device("eye-01", "s1", "Eye", PUBLIC, NOON)
    speakers = Speakers(lambda: [device], lambda: 0.0)
    speakers.refresh()
    judge_of_ingest = Judge(speakers, lambda: NOON)

    def landed(branch: str) -> Callable[[bytes], None]:
        return lambda content: _rolled_back(house, lambda conn: _land(conn, house, judge_of_ingest, branch, content))

    def assembled(content: bytes) -> None:
        _rolled_back(house, lambda conn: _assemble(conn, house, judge_of_ingest, content))

    good: Mapping[str, list[bytes]] = {
        "events": batches(),
        "replies": [codec.encode(REPLY)],
        "status": [golden("birth"), golden("will")],
        "health": [golden("health")],
        "reported": list(MESSAGES[_STATES["reported"][0]]),
    }
    return [
        *(Door(f"land {branch}", inputs, landed(branch), (), 0.05) for branch, inputs in good.items()),
        Door("evidence assembly", [_chunks()], assembled, (), 0.05),
    ]


class _Back(Exception):
    """Nothing of it is kept."""


def _rolled_back(house: House, act: Callable[[Connection], object]) -> None:
    try:
        with house.parts.writing() as conn:
            act(conn)
            raise _Back
    except _Back:
        pass


def _land(conn: Connection, house: House, judge_of_ingest: Judge, branch: str, content: bytes) -> None:
    message = Message(f"{UP}/{branch}", content, {"sig": sign(KEY, content)}, 1, 1, 1)
    land(conn, [judge_of_ingest.judged(message)], house.parts.capabilities, NOON)


def _chunks() -> bytes:
    whole = b"0123456789"
    piece = Evidence(
        sha256=f"sha256:{sha256(whole).hexdigest()}",
        device="eye-01",
        boot="b",
        media_type="image/jpeg",
        taken_at=NOON,
        offset=0,
        total_bytes=len(whole),
        data=whole[:4],
    )
    return json.encode([piece, msgspec.structs.replace(piece, offset=4, data=whole[4:])])


def _assemble(conn: Connection, house: House, judge_of_ingest: Judge, content: bytes) -> None:
    try:
        chunks = json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    for chunk in chunks[:20] if isinstance(chunks, list) else [chunks]:
        _land(conn, house, judge_of_ingest, "evidence", json.encode(chunk))


def _of_files(folder: Path) -> list[Door]:
    """Files that a person, a releaser or a backup medium brings."""
    house_toml = Path(house_file.__file__).parent / "demo" / "house.toml"
    return [
        Door(
            "house file",
            [house_toml.read_bytes()],
            _reading(folder / "house.toml", house_file.read),
            (HouseFileError,),
            0.03,
        ),
        Door(
            "centre's TOML",
            [config.EXAMPLE.encode()],
            _reading(folder / "c.toml", lambda f: config.load(f, {})),
            (ConfigError,),
            0.2,
        ),
        Door("manifest at the centre", [_manifest()], lambda b: _bundle(folder / "bundle", b), (Refused,), 0.2),
        Door("archive at the centre", [_archive()], lambda b: _unpacked(folder, b), (Refused,), 0.1),
        Door("backup manifest", [_backup()], lambda b: _read_backup(folder / "backup", b), (BackupError,), 0.2),
    ]


def _reading(file: Path, read: Callable[[Path], object]) -> Callable[[bytes], None]:
    def enter(content: bytes) -> None:
        file.write_bytes(content)
        read(file)

    return enter


def _manifest() -> bytes:
    files = {"graph.onnx": sha256(b"graph").hexdigest()}
    return json.encode(bundle.Manifest("shelf", "1.0", "graph.onnx", files, {"score": 0.5}))


def _bundle(folder: Path, content: bytes) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "graph.onnx").write_bytes(b"graph")
    (folder / bundle.MANIFEST).write_bytes(content)
    (folder / bundle.SIGNATURE).write_text(sign(KEY, content))
    read = bundle.read_bundle(folder, [PUBLIC])
    bundle.kind_of(read.manifest, None)
    assert read.manifest.model_id


def _archive() -> bytes:
    return bundle.packed({bundle.MANIFEST: _manifest(), "graph.onnx": b"graph"})


def _unpacked(folder: Path, content: bytes) -> None:
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    name = "sha256:" + "0" * 64
    Archives(folder, folder, "").keep(name, content)
    release = Release(
        sha256=name,
        kind="shelf_count",
        model="m",
        name="m",
        version="1",
        size_bytes=len(content),
        added_by="t",
        added_at=NOON,
    )
    Archives(folder, folder, "").unpacked(release, out)
    assert all(path.resolve().is_relative_to(out.resolve()) for path in out.rglob("*"))


def _backup() -> bytes:
    return json.encode(
        BackupManifest(
            format=1,
            made_at=datetime(2026, 11, 24, tzinfo=UTC),
            site="s1",
            schema="0001",
            epoch="e",
            hashes={"a": "b"},
            counts={"events": 1},
            evidence=1,
            evidence_bytes=2,
            has_secrets=False,
        )
    )


def _read_backup(folder: Path, content: bytes) -> None:
    folder.mkdir(exist_ok=True)
    (folder / MANIFEST).write_bytes(content)
    BackupFolder(folder).manifest()


def _request(content: bytes) -> None:
    requested_key(content.decode("utf-8", "replace"))


def _certificate() -> bytes:
    return certificates.certificate_pem(certificates.new_authority("House", NOON).certificate)


def _certificates(folder: Path, content: bytes) -> None:
    """At the centre, and at the device."""
    file = folder / "device.crt"
    file.write_bytes(content)
    try:
        certificates.is_due(certificates.read_certificate(content), NOON)
    finally:
        Papers(file, file, file).is_due(NOON)


def _schema() -> bytes:
    schema = {
        "$ref": "#/$defs/S",
        "$defs": {
            "S": {
                "type": "object",
                "properties": {
                    "a": {"anyOf": [{"type": "number", "minimum": 1}, {"type": "null"}]},
                    "b": {"type": "array", "items": {"type": "string", "maxLength": 3}},
                    "c": {"enum": ["x", "y"]},
                },
                "required": ["a"],
                "additionalProperties": False,
            }
        },
    }
    return json.encode({"schema": schema, "value": {"a": 2, "b": ["x"], "c": "x"}})


def _settings(content: bytes) -> None:
    try:
        both = json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    if isinstance(both, dict) and isinstance(both.get("schema"), dict):
        faults(both.get("value"), both["schema"])
