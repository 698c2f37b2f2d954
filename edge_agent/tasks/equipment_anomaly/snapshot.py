"""The task's saved state: a line of JSON that says version and checksum, then MessagePack with arrays as plain bytes."""

from hashlib import sha256

import msgspec
from msgspec import Struct

from edge_agent.errors import SnapshotRejected
from edge_agent.tasks.equipment_anomaly import arrays
from edge_agent.tasks.equipment_anomaly.state import AssetState, is_whole

VERSION = 2


class Header(Struct, frozen=True):
    """What stands before the content; `sha256` is of the content."""

    version: int
    sha256: str = ""


class Snapshot(Struct):
    """By asset, the present state first, then those kept for other lists of sensors. Another learning time starts anew."""

    learn_s: float
    assets: dict[str, list[AssetState]]


def written(snapshot: Snapshot) -> bytes:
    """As it goes to the disk."""
    content = msgspec.msgpack.encode(snapshot, enc_hook=arrays.write)
    return msgspec.json.encode(Header(VERSION, sha256(content).hexdigest())) + b"\n" + content


def read(state: bytes) -> Snapshot:
    """Raises SnapshotRejected, which says what is wrong; learning starts again then."""
    line, _, content = state.partition(b"\n")
    try:
        header = msgspec.json.decode(line, type=Header)
        if header.version != VERSION:
            raise SnapshotRejected(f"equipment_anomaly: state version {header.version}, this is {VERSION}")
        if sha256(content).hexdigest() != header.sha256:
            raise SnapshotRejected("equipment_anomaly: the checksum of the state does not fit; learning starts again")
        found = msgspec.msgpack.decode(content, type=Snapshot, dec_hook=arrays.read)
    except (msgspec.DecodeError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise SnapshotRejected(f"equipment_anomaly: {error}; learning starts again") from error
    if not all(is_whole(each) for states in found.assets.values() for each in states):
        raise SnapshotRejected("equipment_anomaly: parts of the state do not fit each other; learning starts again")
    return found
