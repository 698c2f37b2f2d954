"""How good bytes are spoilt (pure): as JSON by its structure, and as bytes.

`random` is the caller's: the same seed spoils the same bytes in the same way.
"""

import json
from collections.abc import Callable, Sequence
from random import Random

LONGEST_BYTES = 200_000  # what no broker of ours lets through any more
DEEP = 20_000
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_NUMBERS: Sequence[bytes] = (
    b"-1", b"0", b"1e999", b"-1e999", b"1e-400", b"NaN", b"Infinity", b"2147483648", b"9007199254740992",
    b"9223372036854775808", b"1180591620717411303424", b"9" * 400, b"9" * 5000, b"0." + b"1" * 400, b"-0", b"01",
    b"1_000", b"0x10", b"nan", b"inf",
)  # fmt: skip
_TEXTS: Sequence[bytes] = (
    b'""', b'"\\u0000"', b'"\\ud800"', b'"\\udfff\\ud800"', b'"\xff\xfe"', b'"\xc0\x80"', b'"\xed\xa0\x80"',
    b'"../../etc/passwd"', b'"/etc/passwd"', b'"$SYS/#"', b'"+"', b'"#"', b'"a\\nb"', b'"\\u202e\\u200b"',
    b'"sha256:' + b"0" * 64 + b'"', b'"%00%2f"', b'"0001-01-01T00:00:00+14:00"', b'"9999-12-31T23:59:60-14:00"',
    b'"' + b"x" * 70_000 + b'"', b"null", b"true", b"{}", b"[]", b"[" * DEEP, b"{\"a\":" * DEEP,
    b"[" * DEEP + b"]" * DEEP,
)  # fmt: skip
_TOKENS = (*_NUMBERS, *_TEXTS)
_VALUES: Sequence[Json] = (
    None, True, False, 0, -1, 1, 2**31, 2**53, 2**63, 2**64, 2**70, 10**400, 1e308, -1e308, 1e-320, 0.5, "", "\x00",
    "x" * 65, "x" * 500, "../../x", "a/b", "$SYS", "+", "#", "\u202e", "é" * 40, "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.999999Z", "1969-12-31T23:59:59Z", "2026-11-24T12:00:00", "sha256:" + "0" * 64, "defect/1",
    "shelf_count/2", "lost/1", [], {}, [[]], [None], {"": None}, {"$ref": "#/$defs/a"},
    {"$defs": {"a": {"$ref": "#/$defs/a"}}},
)  # fmt: skip


def spoilt(good: Sequence[bytes], random: Random) -> bytes:
    """One of the good inputs, spoilt once or a few times."""
    content = random.choice(good)
    steps = 1 if random.random() < 0.5 else random.randint(2, 6)
    if content[:1] in (b"{", b"[") and random.random() < 0.6:
        return _spoilt_json(content, steps, random)
    for _ in range(steps):
        content = random.choice(_STEPS)(content, good, random)
    return content[:LONGEST_BYTES]


def _spoilt_json(content: bytes, steps: int, random: Random) -> bytes:
    value: Json = json.loads(content)
    for _ in range(steps):
        value = _changed(value, random)
    return json.dumps(value, ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")


def _changed(value: Json, random: Random) -> Json:
    """A copy with one thing in it replaced, taken away, doubled or put in."""
    if not isinstance(value, dict | list) or not value or random.random() < 0.1:
        return random.choice(_VALUES)
    if isinstance(value, list):
        return _changed_list(value, random)
    name = random.choice(list(value))
    match random.randrange(8):
        case 0:
            return {other: kept for other, kept in value.items() if other != name}
        case 1:
            return value | {random.choice(("extra", "", "\x00", "../x", "x" * 300, name.upper())): value[name]}
        case _:
            return value | {name: _changed(value[name], random)}


def _changed_list(value: list[Json], random: Random) -> list[Json]:
    place = random.randrange(len(value))
    match random.randrange(8):
        case 0:
            return value[:place] + value[place + 1 :]
        case 1:
            return value[:place] + [value[place]] * random.choice((2, 3, 300)) + value[place + 1 :]
        case 2:
            return random.sample(value, len(value))
        case _:
            return [*value[:place], _changed(value[place], random), *value[place + 1 :]]


def _flipped(content: bytes, _: Sequence[bytes], random: Random) -> bytes:
    if not content:
        return random.randbytes(1)
    place, bit = random.randrange(len(content)), 1 << random.randrange(8)
    return content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :]


def _cut(content: bytes, _: Sequence[bytes], random: Random) -> bytes:
    first, last = _range(content, random)
    return content[:first] + content[last:]


def _ended(content: bytes, _: Sequence[bytes], random: Random) -> bytes:
    return content[: random.randint(0, len(content))]


def _repeated(content: bytes, _: Sequence[bytes], random: Random) -> bytes:
    first, last = _range(content, random)
    return content[:first] + content[first:last] * random.choice((2, 3, 50)) + content[last:]


def _junked(content: bytes, _: Sequence[bytes], random: Random) -> bytes:
    first, last = _range(content, random)
    return content[:first] + random.randbytes(min(last - first, 64)) + content[last:]


def _told(content: bytes, _: Sequence[bytes], random: Random) -> bytes:
    """A telling word in the place of some bytes."""
    first, last = _range(content, random)
    return content[:first] + random.choice(_TOKENS) + content[last:]


def _spliced(content: bytes, good: Sequence[bytes], random: Random) -> bytes:
    """The beginning of one, the end of another."""
    other = random.choice(good)
    return content[: random.randint(0, len(content))] + other[random.randint(0, len(other)) :]


def _range(content: bytes, random: Random) -> tuple[int, int]:
    first = random.randint(0, len(content))
    return first, min(len(content), first + random.choice((0, 1, 2, 4, 16, 64)))


_STEPS: Sequence[Callable[[bytes, Sequence[bytes], Random], bytes]] = (
    _flipped, _flipped, _cut, _ended, _repeated, _junked, _told, _told, _spliced,
)  # fmt: skip
