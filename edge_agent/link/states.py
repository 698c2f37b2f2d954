"""States as they are said, each one retained message: without the settings of tasks where they would not fit into a packet.

A broker hangs up on a packet that is too large, and a birth is the first thing said: the device would never be heard.
"""

import structlog
from msgspec.structs import replace

from protocols.codec import encode
from protocols.envelope import MAX_STATE_BYTES
from protocols.messages.device import Birth, Reported

_log = structlog.get_logger()


def birth_payload(birth: Birth) -> bytes:
    """What is said at each connection."""
    return _fitting(birth, replace(birth, tasks=[replace(task, settings={}) for task in birth.tasks]))


def reported_payload(reported: Reported) -> bytes:
    """What is said of the twin."""
    return _fitting(reported, replace(reported, settings={}))


def _fitting(whole: Birth | Reported, lighter: Birth | Reported) -> bytes:
    payload = encode(whole)
    if len(payload) <= MAX_STATE_BYTES:
        return payload
    remedy = "the centre does not see the settings of tasks; spread them over more devices"
    _log.warning("settings_not_said", state=type(whole).__name__, bytes=len(payload), most=MAX_STATE_BYTES, remedy=remedy)
    return encode(lighter)
