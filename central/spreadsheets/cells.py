"""What a person wrote in a cell as a number, a day or a word. What can be read in two ways is refused, with the remedy."""

import math
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Literal

from central.spreadsheets.table import Cell

MOST = 1e12
MOST_CHARACTERS = 500
FORMULA_SIGNS = ("=", "@")
_GROUPS = re.compile("[\\s\u00a0\u202f'’]")
_PLAIN = re.compile(r"[+-]?\d*(?:[.,]\d+)*")
_DAY = re.compile(r"(\d{1,4})\s*([-/.年])\s*(\d{1,2})\s*([-/.月])\s*(\d{1,4})\s*日?")
_MOMENT = re.compile(r"(.+?)(?:[T ]\s*)(\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|[+-]\d{2}:?\d{2})?")
_TRUE = frozenset({"1", "true", "yes", "y", "x", "是", "有", "真"})
_FALSE = frozenset({"0", "false", "no", "n", "", "否", "无", "假"})


class Unreadable(ValueError):
    """A cell that is not what its column holds. `code` names why; words are put to it at the door."""

    def __init__(self, code: str, written: object) -> None:
        super().__init__(f"{code}: {written!r:.80}")
        self.code = code
        self.written = str(written)[:80]


@dataclass(frozen=True)
class Conventions:
    """How the writer of a file writes: None where nobody said. `delimiter` helps: where it is ';', a comma is decimal."""

    decimal: Literal["point", "comma"] | None = None
    dates: Literal["day_first", "month_first"] | None = None
    delimiter: str | None = None


def text(cell: Cell) -> str:
    """The words in a cell, in one line. Raises Unreadable for a formula."""
    words = _number_text(cell) if isinstance(cell, (int, float)) else "" if cell is None else str(cell)
    words = " ".join(unicodedata.normalize("NFC", words).split())
    if words.startswith(FORMULA_SIGNS):
        raise Unreadable("formula", words)
    if len(words) > MOST_CHARACTERS:
        raise Unreadable("too_long", words)
    return words


def number(cell: Cell, conventions: Conventions) -> float:
    """The number in a cell. Raises Unreadable when it is none, could be two, or is out of all measure."""
    if isinstance(cell, (bool, date, datetime)):
        raise Unreadable("no_number", cell)
    value = float(cell) if isinstance(cell, (int, float)) else _read_number(text(cell), conventions)
    if not math.isfinite(value) or abs(value) > MOST:
        raise Unreadable("out_of_measure", cell)
    return value


def whole(cell: Cell, conventions: Conventions) -> int:
    """The whole number in a cell. Raises Unreadable for a fraction too."""
    value = number(cell, conventions)
    if not value.is_integer():
        raise Unreadable("fraction", cell)
    return int(value)


def day(cell: Cell, conventions: Conventions) -> date:
    """The day in a cell; a time beside it is left out. Raises Unreadable, for 3/4/2026 too unless somebody said which."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    words = unicodedata.normalize("NFKC", text(cell))
    moment = _MOMENT.fullmatch(words)
    return _read_day(moment[1].strip() if moment else words, conventions)


def instant(cell: Cell, conventions: Conventions) -> datetime:
    """The moment in a cell, aware; UTC where no zone is written, midnight where no time is. Raises Unreadable."""
    if isinstance(cell, datetime):
        return cell if cell.tzinfo else cell.replace(tzinfo=UTC)
    words = "" if isinstance(cell, date) else unicodedata.normalize("NFKC", text(cell))
    moment = _MOMENT.fullmatch(words)
    on = day(cell, conventions)
    if moment is None:
        return datetime(on.year, on.month, on.day, tzinfo=UTC)
    clock = moment[2] if len(moment[2].split(":")[0]) == 2 else f"0{moment[2]}"
    try:
        return datetime.fromisoformat(f"{on.isoformat()}T{clock}{moment[3] or '+00:00'}").astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Unreadable("no_day", cell) from error


def truth(cell: Cell) -> bool:
    """Whether a cell says yes; nothing is no. Raises Unreadable for other words."""
    words = text(cell).casefold() if not isinstance(cell, bool) else str(cell).casefold()
    if words in _TRUE or words in _FALSE:
        return words in _TRUE
    raise Unreadable("no_truth", cell)


def _number_text(value: float) -> str:
    return str(int(value)) if float(value).is_integer() and not isinstance(value, bool) else str(value)


@lru_cache(maxsize=8192)
def _read_number(words: str, conventions: Conventions) -> float:
    plain = _GROUPS.sub("", unicodedata.normalize("NFKC", words)).replace("−", "-")
    if plain.endswith("-"):
        plain = f"-{plain[:-1]}"
    if not _PLAIN.fullmatch(plain) or not any(character.isdigit() for character in plain):
        raise Unreadable("no_number", words)
    return float(_with_point(plain, words, conventions))


def _with_point(plain: str, words: str, conventions: Conventions) -> str:
    """The number with a decimal point and no groups."""
    points, commas = plain.count("."), plain.count(",")
    if points and commas:
        decimal = "." if plain.rfind(".") > plain.rfind(",") else ","
        if plain.count(decimal) > 1:
            raise Unreadable("no_number", words)
    elif points + commas > 1:
        decimal = "," if points else "."  # 1.234.567: the other one is the decimal sign
    elif points + commas == 1:
        decimal = _single(plain, words, conventions)
    else:
        return plain
    group = "," if decimal == "." else "."
    if not _is_grouped(plain.partition(decimal)[0], group):
        raise Unreadable("no_number", words)
    return plain.replace(group, "").replace(decimal, ".")


def _single(plain: str, words: str, conventions: Conventions) -> str:
    sign = "." if "." in plain else ","
    if conventions.decimal is not None:
        return "." if conventions.decimal == "point" else ","
    before, _, after = plain.lstrip("+-").partition(sign)
    could_group = len(after) == 3 and 0 < len(before) <= 3 and before != "0"
    if not could_group or (sign == "." and conventions.delimiter != ";"):
        return sign
    raise Unreadable("ambiguous_number", words)


def _is_grouped(whole_part: str, group: str) -> bool:
    first, *others = whole_part.lstrip("+-").split(group)
    return not others or (0 < len(first) <= 3 and all(len(each) == 3 for each in others))


@lru_cache(maxsize=8192)
def _read_day(words: str, conventions: Conventions) -> date:
    if re.fullmatch(r"\d{8}", words):
        words = f"{words[:4]}-{words[4:6]}-{words[6:]}"
    found = _DAY.fullmatch(words)
    if found is None:
        raise Unreadable("no_day", words)
    first, sign, second, _, third = found.groups()
    year, month, of_month = _order(int(first), int(second), int(third), sign, words, conventions)
    if not 1970 <= year <= 2200:
        raise Unreadable("two_digit_year" if year < 100 else "no_day", words)
    try:
        return date(year, month, of_month)
    except ValueError as error:
        raise Unreadable("no_day", words) from error


def _order(first: int, second: int, third: int, sign: str, words: str, conventions: Conventions) -> tuple[int, int, int]:
    """Year, month, day."""
    if first > 31:
        return first, second, third
    if sign == "." or first > 12:
        return third, second, first
    if second > 12 or first == second:
        return third, first, second
    if conventions.dates is None:
        raise Unreadable("ambiguous_day", words)
    return (third, second, first) if conventions.dates == "day_first" else (third, first, second)
