"""Writes the contract as documents: a JSON Schema 2020-12 for each message and one AsyncAPI 3.0 for all topics.

Run `python -m protocols.export docs/reference/generated`; the tests fail when what is committed differs from what this
would write now.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from protocols import topics
from protocols.envelope import BATCH_CONTENT_TYPE, Acknowledgement, Batch
from protocols.messages import alarm, command, decision, device, evidence
from protocols.messages.registry import KINDS

VERSION = "1.0.0"
Schema = dict[str, Any]


@dataclass(frozen=True)
class Channel:
    """One topic of the tree. `sender`: who publishes, 'device' or 'centre'."""

    name: str
    address: str
    message: Any
    sender: str
    summary: str
    qos: int = 1
    retain: bool = False
    content_type: str = "application/json"


_EDGE = f"{topics.ROOT}/edge/{{site}}/{{device}}"
CHANNELS = (
    Channel(
        "events", f"{_EDGE}/up/events", Batch, "device", "Everything the device concluded", content_type=BATCH_CONTENT_TYPE
    ),
    Channel("status", f"{_EDGE}/up/status", device.Status, "device", "Birth and last will", retain=True),
    Channel("reported", f"{_EDGE}/up/reported", device.Reported, "device", "The twin as it is", retain=True),
    Channel("health", f"{_EDGE}/up/health", device.Health, "device", "State of the machine", qos=0),
    Channel("replies", f"{_EDGE}/up/replies", command.Reply, "device", "How far a command has come"),
    Channel("evidence", f"{_EDGE}/up/evidence", evidence.Evidence, "device", "Pictures and raw readings"),
    Channel("ack", f"{_EDGE}/down/ack", Acknowledgement, "centre", "What is on the centre's disk"),
    Channel("desired", f"{_EDGE}/down/desired", device.Desired, "centre", "The twin as it should be", retain=True),
    Channel("commands", f"{_EDGE}/down/commands", command.Command, "centre", "What a device should do once"),
    Channel("central-state", topics.CENTRAL_STATE, device.CentralState, "centre", "Is the centre there", retain=True),
    Channel(
        "out",
        f"{topics.ROOT}/out/{{site}}/{{domain}}/{{kind}}",
        decision.CloudEvent,
        "centre",
        "For integrators, after commit",
    ),
)
_OUT_DATA: Mapping[str, Any] = {
    "alarm_changed/1": alarm.AlarmChanged,
    "decision/1": decision.Decision,
    "stock_level/1": decision.StockLevel,
    "readings/1": evidence.Stretch,
}


def schemas() -> dict[str, Schema]:
    """File name → JSON Schema of each event kind, channel message and `out` payload."""
    kinds = {kind.replace("/", "."): struct for kind, struct in {**KINDS, **_OUT_DATA}.items()}
    return {f"{name}.schema.json": _schema(name, struct) for name, struct in {**kinds, **_channel_messages()}.items()}


def asyncapi() -> Schema:
    """The AsyncAPI 3.0 document of all channels, with MQTT bindings."""
    payloads, components = msgspec.json.schema_components(
        [c.message for c in CHANNELS], ref_template="#/components/schemas/{name}"
    )
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tallyhouse on the wire",
            "version": VERSION,
            "description": "MQTT 5 topics of devices, centre, integrators.",
        },
        "defaultContentType": "application/json",
        "channels": {c.name: _channel(c, payload) for c, payload in zip(CHANNELS, payloads, strict=True)},
        "operations": {_operation_name(c): _operation(c) for c in CHANNELS},
        "components": {"schemas": components},
    }


def documents() -> dict[str, str]:
    """File name → text of everything that is generated."""
    return {name: _text(schema) for name, schema in {**schemas(), "asyncapi.json": asyncapi()}.items()}


def write(folder: Path) -> None:
    """Writes all documents into `folder` and removes schemas that no longer exist."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = documents()
    for stale in set(folder.glob("*.json")) - {folder / name for name in wanted}:
        stale.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")


def _channel_messages() -> dict[str, Any]:
    return {c.name.replace("-", "_"): c.message for c in CHANNELS}


def _schema(name: str, struct: Any) -> Schema:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"tallyhouse:{name}",
        **msgspec.json.schema(struct),
    }


def _channel(channel: Channel, payload: Schema) -> Schema:
    message = {"name": channel.name, "contentType": channel.content_type, "payload": payload}
    return {
        "address": channel.address,
        "summary": channel.summary,
        "messages": {channel.name: message},
        **_parameters(channel.address),
    }


def _parameters(address: str) -> Schema:
    names = [level[1:-1] for level in address.split("/") if level.startswith("{")]
    return {"parameters": {name: {"description": f"The {name}, [a-z0-9-]{{1,32}}"} for name in names}} if names else {}


def _operation_name(channel: Channel) -> str:
    return f"{channel.sender}-sends-{channel.name}"


def _operation(channel: Channel) -> Schema:
    binding = {"mqtt": {"qos": channel.qos, "retain": channel.retain, "bindingVersion": "0.2.0"}}
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{channel.name}"},
        "summary": channel.summary,
        "bindings": binding,
    }


def _text(document: Schema) -> str:
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/reference/generated"))
