"""Every sentence has its Chinese, with the same places for values; readers get the language they asked for."""

import re
from string import Formatter

import pytest

from central.translations.catalogue import LOCALES, language_of, translations, translator
from tests.unit.central.translations.messages import Message, messages

MESSAGES = messages()


def _places(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)", text)) | {name for _, name, _, _ in Formatter().parse(text) if name}


def _chinese(message: Message) -> str:
    if isinstance(message, tuple):
        return str(translations("zh_Hans").ngettext(message[0], message[1], 2))
    return translator("zh_Hans")(message)


def test_sentences_are_found() -> None:
    """The search reads templates and code alike."""
    assert "Approve" in MESSAGES
    assert "Vibration" in MESSAGES
    assert len(MESSAGES) > 250


@pytest.mark.parametrize("message", MESSAGES, ids=str)
def test_every_sentence_has_its_chinese(message: Message) -> None:
    """A sentence without Chinese, or with other places for its values, never reaches a reader."""
    english = message if isinstance(message, str) else message[1]
    chinese = _chinese(message)
    assert chinese not in {english, ""} or not re.search(r"[A-Za-z]{2}", re.sub(r"\{\w+\}|%\(\w+\)s", "", english))
    assert _places(chinese) == _places(english)


@pytest.mark.parametrize(
    ("tags", "language"),
    [
        (["zh-CN", "en"], "zh_Hans"),
        (["zh"], "zh_Hans"),
        (["zh-Hans-SG"], "zh_Hans"),
        (["zh-TW", "en-GB"], "en"),
        (["de", "zh-CN"], "zh_Hans"),
        (["de"], "en"),
        ([], "en"),
    ],
)
def test_a_browser_gets_its_language(tags: list[str], language: str) -> None:
    """Whatever a Chinese tablet calls it; traditional Chinese is another language."""
    assert language_of(tags) == language


def test_english_is_its_own_key() -> None:
    """The source is English; a language nobody wrote reads English."""
    assert translator("en")("Approve") == "Approve"
    assert translator("tlh")("Approve") == "Approve"
    assert LOCALES == ("en", "zh_Hans")
