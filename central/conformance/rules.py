"""The rules that a device is held to, each with its paragraph of the contract, and how each came out."""

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["kept", "broken", "not_seen"]


@dataclass(frozen=True)
class Rule:
    """One rule. paragraph: of the contract, by the section of docs/reference/wire.md."""

    name: str
    paragraph: str
    text: str


@dataclass(frozen=True)
class Result:
    """How one rule came out; `detail` is for whoever builds the device."""

    rule: Rule
    outcome: Outcome
    detail: str


BIRTH = Rule("birth", "§2 Topics", "says on up/status, retained, that it is online, with its boot")
SIGNED = Rule("signed", "§3 A batch", "signs each batch over the bytes as sent, with the key on record")
SIZE = Rule("size", "§3 A batch", "keeps each batch within 64 kB and 200 events")
READABLE = Rule("readable", "§3 A batch", "speaks only of kinds that fit their schema")
NUMBERED = Rule("numbered", "§3 A batch", "numbers events without a hole, in rising order")
SAME = Rule("same", "§3 A batch", "sends an event again as it was: same number, same id")
PUBACK = Rule("puback", "§4 What the centre answers", "takes no PUBACK for durability: sends again what is not acknowledged")
ONWARD = Rule("onward", "§4 What the centre answers", "goes on behind what was acknowledged")
GAP = Rule("gap", "§4 What the centre answers", "goes back to where a gap was answered")
EPOCH = Rule("epoch", "§2 Topics", "goes back to what was acknowledged when the centre has a new epoch")
TWIN = Rule("twin", "§5 The twin", "refuses a twin whose signature it cannot verify")
ECHO = Rule("echo", "§2 Topics", "echoes on up/reported the version of the twin that it applied")
RULES = (BIRTH, SIGNED, SIZE, READABLE, NUMBERED, SAME, PUBACK, ONWARD, GAP, EPOCH, TWIN, ECHO)
