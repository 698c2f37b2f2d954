"""In which language a reader sees a page, and how times, ages, numbers and money look in it.

What the person chose, on whatever browser; else what was chosen on this one; else what the browser asks for.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import cast

import flask_babel
from babel.dates import format_datetime, format_timedelta, get_timezone
from babel.numbers import format_currency, format_decimal, format_percent
from babel.support import Translations
from flask import Flask, g, request, session
from markupsafe import Markup

from central.parts import parts
from central.translations import catalogue
from central.translations.catalogue import LOCALES, language_of

Label = Mapping[str, str]


class _Words(flask_babel.Domain):  # type: ignore[misc]  # Flask-Babel has no types
    """Flask-Babel's domain, fed from the `.po` files instead of compiled ones."""

    def get_translations(self) -> Translations:
        return catalogue.translations(language())


def register(app: Flask) -> None:
    """Give `app` gettext, the reader's locale and the filters that templates write values with."""
    babel = flask_babel.Babel(app, locale_selector=language)
    del babel
    app.extensions["babel"].instance.domain_instance = _Words()
    app.jinja_env.filters.update(
        label=label,
        clock=clock,
        day_clock=day_clock,
        deadline=deadline,
        iso=iso,
        age=age,
        left=left,
        number=number,
        figure=figure,
        signed=signed,
        percent=percent,
        money=money,
    )
    app.jinja_env.globals.update(language=language, html_language=html_language)


def language() -> str:
    """The reader's locale: one of `LOCALES`."""
    if "language" not in g:
        g.language = _chosen() or language_of([tag for tag, _ in request.accept_languages])
    return cast(str, g.language)


def _chosen() -> str | None:
    person = g.get("person")
    for choice in (person.language if person else None, session.get("language")):
        if choice in LOCALES:
            return cast(str, choice)
    return None


def html_language() -> str:
    """The reader's language as HTML writes it."""
    return language().replace("_", "-")


def label(texts: Label | None, key: str) -> str:
    """A name that the house gave, in the reader's language; English or the bare key where it has none."""
    return (texts or {}).get(language()) or (texts or {}).get("en") or key


def house_zone() -> tzinfo:
    """The time zone of the server's clock, which is the house's own, with its summer and winter time."""
    return get_timezone()


def clock(moment: datetime, pattern: str = "HH:mm:ss") -> str:
    """The time of day, 24 hours."""
    return format_datetime(moment, pattern, tzinfo=house_zone(), locale=language())


def day_clock(moment: datetime) -> str:
    """Day, time and how far the house's clock is from UTC: 2026-11-24 14:32:07 +08:00."""
    return clock(moment, "yyyy-MM-dd HH:mm:ss xxx")


def deadline(moment: datetime) -> str:
    """The time of day; with its day when that is not today."""
    zone = house_zone()
    is_today = moment.astimezone(zone).date() == parts().now().astimezone(zone).date()
    return clock(moment, "HH:mm" if is_today else "MM-dd HH:mm")


def iso(moment: datetime) -> str:
    """The moment as machines write it."""
    return moment.isoformat(timespec="milliseconds")


def age(moment: datetime, stale_after_s: int = 0) -> Markup:
    """How long ago, with the exact time in its title; the page counts on, and marks what is older than `stale_after_s`."""
    since = max(timedelta(seconds=1), parts().now() - moment)
    words = format_timedelta(-since, threshold=1.2, add_direction=True, format="short", locale=language())
    is_stale = 0 < stale_after_s < since.total_seconds()
    mark = Markup(' data-stale="{}"{}').format(stale_after_s, Markup(' class="stale"') if is_stale else "")
    time = Markup('<time datetime="{}" title="{}" data-age{}>{}</time>')
    return time.format(iso(moment), day_clock(moment), mark if stale_after_s else "", words)


def left(moment: datetime) -> Markup:
    """How long until `moment`, in minutes and seconds; the page counts down."""
    seconds = max(0, int((moment - parts().now()).total_seconds()))
    time = Markup('<time datetime="{}" title="{}" data-until>{}</time>')
    return time.format(iso(moment), day_clock(moment), f"{seconds // 60}:{seconds % 60:02}")


def number(value: float | None, digits: int = 0) -> str:
    """A number with that many decimals and a true minus; a dash for none."""
    pattern = "#,##0." + "0" * digits if digits else "#,##0"
    return "–" if value is None else format_decimal(round(value, digits), pattern, language()).replace("-", "−")


def figure(value: float | None) -> str:
    """A measured value with as many decimals as say something: one, none from a hundred on."""
    return number(value, 0 if value is not None and abs(value) >= 100 else 1)


def signed(value: int) -> str:
    """A difference with its sign (a true minus, so that it lines up)."""
    return format_decimal(value, "+#,##0;−#,##0", language()) if value else "0"


def percent(share: float | None) -> str:
    """A share of one, as a percentage."""
    return "–" if share is None else format_percent(share, locale=language())


def money(amount: float, currency: str) -> str:
    """An amount in its currency."""
    return format_currency(amount, currency, locale=language()).replace("-", "−")
