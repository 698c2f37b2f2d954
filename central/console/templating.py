"""What templates may ask: who reads, where they are, how a decision or a finding is put into words."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from math import ceil, sqrt
from pathlib import Path
from typing import Any, cast

from flask import Flask, g, render_template, request, session
from flask_babel import gettext as _
from flask_babel import ngettext
from jinja2 import ChoiceLoader, FileSystemLoader
from markupsafe import Markup

from central.console import alarm_words, vocabulary, words
from central.console.charts import Chart, drawing
from central.console.language import clock, label, language, number, percent
from central.console.sign_in import THEMES
from central.deciding import wording
from central.deciding.registry import FOLDER
from central.floor.seen import Seen
from central.parts import parts
from central.store import house
from central.store.catalogue import Site, all_of
from central.store.decisions import Decision
from central.store.people import Person
from central.store.reviews import Review
from central.translations.catalogue import translator
from protocols.messages.defect import Defect
from protocols.messages.registry import EventData
from protocols.messages.shelf_count import ShelfCount

Boxes = Sequence[tuple[float, float, float, float]]
TEMPLATES = Path(__file__).parent / "templates"
MOMENTS = 5
DAY_S = 24 * 3600


def register(app: Flask) -> None:
    """Give templates of `app`, and the panels of the capabilities, these words."""
    app.jinja_loader = ChoiceLoader([FileSystemLoader(TEMPLATES), FileSystemLoader(FOLDER)])
    vocabulary.register(app)
    alarm_words.register(app)
    app.jinja_env.filters.update(
        summary=words.summary,
        reasons=words.reasons,
        would_change=words.would_change,
        decision_title=words.title,
        name_of=words.name_of,
        cause_words=words.cause,
        translated=translated,
    )
    app.jinja_env.globals.update(
        person=person, theme=theme, next_theme=next_theme, theme_words=theme_words, now=lambda: parts().now(), here=here,
        rooms=rooms, house_name=house_name, is_demo=is_demo, boxes_of=boxes_of, finding=finding, drawing=drawing,
        moments=moments, range_words=range_words, columns_of=columns_of, verdict_words=verdict_words, can_undo=can_undo,
        panel=panel, 
    )  # fmt: skip


def translated(text: str) -> str:
    """A marked text in the reader's language."""
    return translator(language())(text)


def person() -> Person | None:
    """Who reads."""
    return cast("Person | None", g.get("person"))


def here() -> str:
    """The address of the page a form stands on, also inside a live update of it."""
    return request.full_path.rstrip("?") if request.method == "GET" and request.blueprint != "live" else ""


def theme() -> str:
    """Light, dark, or as the system has it."""
    return cast(str, session.get("theme", "system"))


def next_theme() -> str:
    """What the switch leads to."""
    return THEMES[(THEMES.index(theme()) + 1) % len(THEMES)] if theme() in THEMES else "system"


def theme_words() -> str:
    """What the switch leads to, in words."""
    return str({"system": _("Light or dark: as the system"), "light": _("Light"), "dark": _("Dark")}[next_theme()])


def rooms() -> list[tuple[str, str, str]]:
    """The rooms of the menu: endpoint, icon, name."""
    return [
        ("today.page", "sun", _("Today")),
        ("stock.page", "package", _("Stock")),
        ("equipment.page", "activity", _("Equipment")),
        ("plan.page", "clipboard-check", _("Plan")),
        ("devices.page", "cpu", _("Devices")),
    ]


def house_name() -> str:
    """What the house calls itself: the label of the site that is open."""
    site = parts().site
    with parts().reading() as conn:
        labels = {one.site: one.label for one in all_of(conn, Site)}
    return label(labels.get(site), "Tallyhouse")


def is_demo() -> bool:
    """Whether this house is the demo."""
    with parts().reading() as conn:
        return house.value(conn, "demo") is not None


def boxes_of(message: EventData | None) -> Boxes:
    """Where in its picture an event found something."""
    if isinstance(message, ShelfCount):
        return message.boxes
    return [region.box for region in message.regions] if isinstance(message, Defect) else []


def finding(seen: Seen) -> str:
    """What an event found, in a few words."""
    message = seen.message
    if isinstance(message, ShelfCount):
        units = ngettext("%(num)s unit", "%(num)s units", message.units)
        told = f"{words.name_of(message.location, 'location')}: {units}, {percent(message.confidence)}"
        return told if message.state == "ok" else f"{told} · {vocabulary.coded(message.state, 'shelf_state')}"
    if isinstance(message, Defect):
        return f"{vocabulary.coded(message.verdict, 'part_verdict')}, {number(message.score, 2)}"
    return vocabulary.coded(seen.name, "kind")


def moments(chart: Chart) -> list[str]:
    """Words for the time axis, evenly spaced."""
    span_s = chart.end - chart.start
    pattern = "MM-dd" if span_s > 3 * DAY_S else "HH:mm" if span_s > 600 else "HH:mm:ss"
    times = [chart.start + span_s * step / (MOMENTS - 1) for step in range(MOMENTS)]
    return [clock(datetime.fromtimestamp(time, UTC), pattern) for time in times]


def range_words(name: str) -> str:
    """A time range of a chart."""
    return str({"1h": _("1 h"), "24h": _("24 h"), "7d": _("7 days"), "30d": _("30 days"), "14d": _("14 days")}[name])


def columns_of(facings: int) -> int:
    """How many facings stand side by side in the drawing of a shelf: about twice as many as boards."""
    return max(1, ceil(sqrt(facings * 2)))


def verdict_words(review: Review) -> str:
    """Who decided what, when."""
    texts = {
        "accept": _("Approved by %(person)s %(time)s", person=review.person, time=clock(review.reviewed_at, "HH:mm")),
        "adjust": _(
            "Changed and approved by %(person)s %(time)s", person=review.person, time=clock(review.reviewed_at, "HH:mm")
        ),
        "reject": _("Overridden by %(person)s %(time)s", person=review.person, time=clock(review.reviewed_at, "HH:mm")),
    }
    return str(texts[review.verdict])


def can_undo(review: Review) -> bool:
    """Whether the reader may still take this verdict back."""
    reader = person()
    return review.settles_at > parts().now() and reader is not None and reader.name == review.person


def panel(decision: Decision) -> Markup:
    """The proposal as its capability draws it; as a line where the capability has left the house."""
    card = words.card_of(decision)
    if card is None or decision.proposal is None:
        return Markup("")

    def word(name: str, value: Any) -> str:
        currency = decision.currency or ""
        return wording.formatted(value, card.units.get(name, "text"), language(), currency=currency)

    shown = replace(decision, proposal=decision.proposal | words.names_in(decision.proposal))
    html = render_template(card.panel, card=card, decision=shown, word=word)
    return Markup(html)  # noqa: S704  # drawn by a template, which has escaped its values
