"""The topic tree, built and parsed by the same functions.

Devices live on their own branch (`edge`), so that no pattern of the broker's access list lets one write to `out`, `central`
or `meta`.
"""

from dataclasses import dataclass
from typing import Literal, cast, get_args

from protocols.errors import BadTopic
from protocols.identity import checked_name, sku_level

ROOT = "tallyhouse/v1"
CENTRAL_STATE = f"{ROOT}/central/state"
UP_FILTER = f"{ROOT}/edge/+/+/up/#"

Up = Literal["events", "status", "reported", "health", "replies", "evidence"]
Down = Literal["ack", "desired", "commands"]


@dataclass(frozen=True)
class EdgeTopic:
    """A topic that a device publishes on."""

    site: str
    device: str
    branch: Up


def up(site: str, device: str, branch: Up) -> str:
    """Topic from a device to the centre. Raises BadIdentifier."""
    return f"{ROOT}/edge/{checked_name(site, 'site')}/{checked_name(device, 'device')}/up/{branch}"


def down(site: str, device: str, branch: Down) -> str:
    """Topic from the centre to a device. Raises BadIdentifier."""
    return f"{ROOT}/edge/{checked_name(site, 'site')}/{checked_name(device, 'device')}/down/{branch}"


def down_filter(site: str, device: str) -> str:
    """The one filter a device subscribes to: overlapping filters would deliver twice."""
    return f"{ROOT}/edge/{checked_name(site, 'site')}/{checked_name(device, 'device')}/down/#"


def out(site: str, domain: str, kind: str, sku: str | None = None) -> str:
    """Topic for integrators, `out/{site}/{domain}/{kind}`, with the SKU as a last level where one is given."""
    base = f"{ROOT}/out/{checked_name(site, 'site')}/{checked_name(domain, 'domain')}/{checked_name(kind, 'kind')}"
    return base if sku is None else f"{base}/{sku_level(sku)}"


def parse_up(topic: str) -> EdgeTopic:
    """The site, device and branch of a topic that a device published on. Raises BadTopic, BadIdentifier."""
    parts = topic.split("/")
    if len(parts) != 7 or parts[:3] != [*ROOT.split("/"), "edge"] or parts[5] != "up" or parts[6] not in get_args(Up):
        raise BadTopic(f"{topic!r} is not {ROOT}/edge/SITE/DEVICE/up/({'|'.join(get_args(Up))})")
    return EdgeTopic(checked_name(parts[3], "site"), checked_name(parts[4], "device"), cast(Up, parts[6]))
