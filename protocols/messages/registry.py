"""Which struct each kind of event carries, and how its data is read."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from protocols.errors import UnknownKind, Unreadable
from protocols.messages.command import CommandResult
from protocols.messages.defect import Defect
from protocols.messages.equipment_anomaly import EquipmentAnomaly
from protocols.messages.lost import Lost
from protocols.messages.sensor_summary import SensorSummary
from protocols.messages.shelf_count import ShelfCount

EventData = Defect | ShelfCount | EquipmentAnomaly | SensorSummary | CommandResult | Lost

KINDS: Mapping[str, type[EventData]] = MappingProxyType(
    {
        "defect/1": Defect,
        "shelf_count/1": ShelfCount,
        "equipment_anomaly/1": EquipmentAnomaly,
        "sensor_summary/1": SensorSummary,
        "command_result/1": CommandResult,
        "lost/1": Lost,
    }
)
_NAMES = frozenset(kind.partition("/")[0] for kind in KINDS)
_DECODERS = {kind: msgspec.json.Decoder(struct) for kind, struct in KINDS.items()}
_KIND_OF = {struct: kind for kind, struct in KINDS.items()}


def kind_of(data: EventData) -> str:
    """The kind under which `data` travels."""
    return _KIND_OF[type(data)]


def read_data(kind: str, data: bytes | msgspec.Raw) -> EventData | None:
    """The message inside an event; None for a kind nobody here knows, which is kept and shown raw.

    Raises UnknownKind for a known name in another major, Unreadable when the data does not fit the kind.
    """
    decoder = _DECODERS.get(kind)
    if decoder is None:
        name = kind.partition("/")[0]
        if name in _NAMES:
            raise UnknownKind(f"{kind} is not spoken here; known: {', '.join(k for k in KINDS if k.startswith(name + '/'))}")
        return None
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"{kind}: {error}") from error
