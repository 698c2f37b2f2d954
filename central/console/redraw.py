"""The answer to a form: the same fragments that a live update would bring, or the page again where there is no script."""

from flask import Response, flash, get_flashed_messages, redirect, render_template, request
from flask.typing import ResponseReturnValue

from central.console.access import inside
from central.console.fragments import FRAME, Page, look_at, page_named, partial
from central.parts import parts

REFUSED = 409


def answer(nouns: frozenset[str], problem: str | None = None) -> ResponseReturnValue:
    """After a change to `nouns`: redraw the page that the form stands on, and say what went wrong, if anything did."""
    if problem:
        flash(problem)
    if not request.headers.get("HX-Request"):
        return redirect(inside(request.form.get("next", "")), 303)
    page = page_named(request.form.get("page", ""))
    body = redrawn(page, request.form.get("key", ""), nouns) if page else ""
    notice = render_template("components/notice.html", messages=get_flashed_messages())
    body += f'<hx-partial hx-target="#notice" hx-swap="outerMorph">{notice}</hx-partial>'
    return Response(body, REFUSED if problem else 200)


def redrawn(page: Page, key: str, nouns: frozenset[str]) -> str:
    """The fragments of a page that `nouns` made out of date."""
    with parts().reading() as conn:
        look = look_at(conn, key)
        return "\n".join(partial(page, fragment, look) for fragment in (*FRAME, *page.fragments) if fragment.nouns & nouns)
