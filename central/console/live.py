"""Open pages follow the change log: Server-Sent Events whose id is the log's row, so that a reconnect misses nothing."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import chain
from typing import cast

from flask import Blueprint, Flask, Response, abort, current_app, request, stream_with_context
from flask.typing import ResponseReturnValue

from central.console import alarms, equipment, fragments, plan, stock, today, why
from central.console.access import COOKIE
from central.console.fragments import FRAME, Fragment, Page, look_at, page_named, partial, row_number
from central.console.redraw import redrawn
from central.console.setup import admission, device, devices, imports, keeping, ledger, models, rules
from central.identity import sessions
from central.parts import parts
from central.store.changes import Tail, newest, since

TAIL = "tallyhouse.tail"
KEEP_ALIVE = timedelta(seconds=15)
REDRAW_EVERY = timedelta(milliseconds=250)  # a burst of changes redraws a page once
ROOMS = (today, stock, equipment, alarms, plan, why, devices, device, admission, ledger, keeping, imports, models, rules)

blueprint = Blueprint("live", __name__)


def register(app: Flask) -> None:
    """Give `app` its tail of the change log and the pages that follow it."""
    app.extensions[fragments.PAGES] = {page.name: page for page in chain.from_iterable(room.PAGES for room in ROOMS)}
    app.extensions[TAIL] = Tail(app.extensions["tallyhouse"].engine)


def stop(app: Flask) -> None:
    """Let every open stream end: called when the process goes down."""
    tail_of(app).stop()


def tail_of(app: Flask) -> Tail:
    """The tail of `app`."""
    return cast(Tail, app.extensions[TAIL])


@blueprint.get("/events")
def events() -> ResponseReturnValue:
    """The stream of one open page: `page` and `key` say which, `after` from which row on."""
    page = page_named(request.args.get("page", "")) or abort(404)
    asked = request.headers.get("Last-Event-ID") or request.args.get("after", "")
    stream = _messages(page, request.args.get("key", ""), row_number(asked) if asked.isdecimal() else None)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(stream_with_context(stream), mimetype="text/event-stream", headers=headers)


@blueprint.get("/fragments")
def out_of_date() -> ResponseReturnValue:
    """Fragments that a page asks for by itself: a verdict whose undo time has passed leaves the list."""
    page = page_named(request.args.get("page", "")) or abort(404)
    return redrawn(page, request.args.get("key", ""), frozenset(request.args.getlist("noun")))


def _messages(page: Page, key: str, after: int | None) -> Iterator[str]:
    tail = tail_of(current_app)
    newest_row = _newest()
    last = newest_row if after is None else min(after, newest_row)  # a restored database counts from lower on
    yield ": open\n\n"  # the headers go out with the first byte
    while not tail.is_stopped and _is_signed_in():
        if not tail.wait(last, KEEP_ALIVE.total_seconds()):
            yield ": alive\n\n"
            continue
        last, partials = _redrawn(page, key, last)
        yield message(last, partials)
        tail.pause(REDRAW_EVERY.total_seconds())


def _redrawn(page: Page, key: str, after: int) -> tuple[int, str]:
    """The fragments that changes after `after` made out of date. The connection is closed before anything is sent."""
    with parts().reading() as conn:
        changes = since(conn, after)
        nouns = {change.noun for change in changes}
        look = look_at(conn, key)
        stale: list[Fragment] = [fragment for fragment in (*FRAME, *page.fragments) if fragment.nouns & nouns]
        return changes[-1].id if changes else after, "\n".join(partial(page, fragment, look) for fragment in stale)


def message(row: int, data: str) -> str:
    """One server-sent event; without data it only moves the reader on."""
    lines = "".join(f"data: {line}\n" for line in data.splitlines())
    return f"id: {row}\n{lines}\n"


def _newest() -> int:
    with parts().reading() as conn:
        return newest(conn)


def _is_signed_in() -> bool:
    with parts().reading() as conn:
        return sessions.person_of(conn, request.cookies.get(COOKIE), parts().now()) is not None
