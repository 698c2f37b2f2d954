"""The words in each language, read from the `.po` files in memory: no compiled copies, no build step.

English sentences are the keys. A Chinese browser says `zh`, `zh-CN` or `zh-SG`; all mean `zh_Hans` here.
"""

from collections.abc import Callable, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Literal, cast

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

Language = Literal["en", "zh_Hans"]
LOCALES: tuple[Language, ...] = ("en", "zh_Hans")
_FOLDER = Path(__file__).parent
_TRADITIONAL = ("hant", "tw", "hk", "mo")


@cache
def translations(locale: str) -> Translations:
    """All messages of `locale`; a language nobody wrote is English, whose sentences are the keys."""
    file = _FOLDER / f"{locale}.po"
    if locale not in LOCALES or not file.exists():
        return Translations()
    with file.open("rb") as source:
        catalogue = read_po(source, locale=locale)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def translator(locale: str) -> Callable[[str], str]:
    """The function that puts an English sentence into `locale`."""
    return cast(Callable[[str], str], translations(locale).gettext)


def language_of(tags: Sequence[str]) -> Language:
    """The first language in a reader's list (`zh-CN`, `en-GB`, …) that is spoken here, else English."""
    for tag in tags:
        first, *rest = tag.lower().replace("_", "-").split("-")
        if first == "en":
            return "en"
        if first == "zh" and not set(rest) & set(_TRADITIONAL):
            return "zh_Hans"
    return "en"
