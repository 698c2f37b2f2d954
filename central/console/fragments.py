"""A page is made of fragments. One template draws each in the page, in the answer to a POST and in a live update alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app, render_template, request, url_for
from sqlalchemy import Connection, select

from central.parts import Parts, parts
from central.store import alarms
from central.store.changes import newest
from central.store.devices import devices

Rows = Mapping[str, object]
PAGES = "tallyhouse.pages"
MOST_DIGITS = 18  # SQLite counts to 9.2e18


@dataclass(frozen=True)
class Look:
    """What somebody looks at: a site, the thing a page is about (its `key`) and the filters in the query string."""

    conn: Connection
    site: str
    key: str
    filters: Mapping[str, str]
    now: datetime
    parts: Parts


@dataclass(frozen=True)
class Fragment:
    """The element with id `target`, drawn by `template` from `rows`, out of date once one of `nouns` has changed."""

    target: str
    template: str
    nouns: frozenset[str]
    rows: Callable[[Look], Rows]


@dataclass(frozen=True)
class Page:
    """A whole page: its name in the live stream, its template, its fragments."""

    name: str
    template: str
    fragments: tuple[Fragment, ...]


HEARD = Fragment(
    "heard", "components/heard.html", frozenset({"event", "device"}), lambda look: {"heard_at": last_heard(look)}
)


SHELVED = Fragment(
    "shelved",
    "components/shelved.html",
    frozenset({"alarm"}),
    lambda look: {"shelved": alarms.count_shelved(look.conn, look.site, look.now)},
)
FRAME = (HEARD, SHELVED)  # around every page


def page_named(name: str) -> Page | None:
    """The page of that name in the live stream."""
    pages: Mapping[str, Page] = current_app.extensions[PAGES]
    return pages.get(name)


def last_heard(look: Look) -> datetime | None:
    """When a device of the site last said anything."""
    mine = devices.c.site == look.site
    return look.conn.execute(select(devices.c.heard_at).where(mine).order_by(devices.c.heard_at.desc()).limit(1)).scalar()


def show(page: Page, key: str = "", **more: object) -> str:
    """The page as HTML. Rows of all fragments are read at one moment; the live stream goes on from there."""
    with parts().reading() as conn:
        look = look_at(conn, key)
        rows: dict[str, object] = {}
        for fragment in (*FRAME, *page.fragments):
            rows.update(fragment.rows(look))
        after = newest(conn)
    query: dict[str, Any] = {**look.filters, "page": page.name, "key": key or None, "after": after}
    stream = url_for("live.events", **query)
    return render_template(page.template, **rows, **more, page=page.name, key=key, stream=stream)


def look_at(conn: Connection, key: str) -> Look:
    """What this request looks at, through `conn`."""
    running = parts()
    filters = {name: value for name, value in request.args.items() if name not in {"page", "key", "after"}}
    return Look(conn, running.site, key, filters, running.now(), running)


def row_number(text: str) -> int:
    """The row of that number: 0, which no row has, where it is not a number or more than a database counts to."""
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else 0


def partial(page: Page, fragment: Fragment, look: Look) -> str:
    """The fragment as htmx swaps it into an open page."""
    element = render_template(fragment.template, **fragment.rows(look), page=page.name, key=look.key)
    return f'<hx-partial hx-target="#{fragment.target}" hx-swap="outerMorph">{element}</hx-partial>'
