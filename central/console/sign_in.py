"""Coming in, by password or by a link that works once, and going out."""

from functools import cache
from math import ceil
from typing import cast

from flask import Blueprint, current_app, g, redirect, render_template, request, session, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from central.console.access import COOKIE, inside, keep_session
from central.errors import TooSoon
from central.identity import sessions
from central.identity.attempts import Attempts, keys_of
from central.identity.passwords import Passwords
from central.parts import parts
from central.store import people
from central.store.people import Person
from central.translations.catalogue import LOCALES

THEMES = ("system", "light", "dark")
ATTEMPTS = "tallyhouse.attempts"
TOO_MANY = 429

blueprint = Blueprint("sign_in", __name__)


@blueprint.record
def _count_attempts(setup: BlueprintSetupState) -> None:
    setup.app.extensions[ATTEMPTS] = Attempts()


@cache
def passwords() -> Passwords:
    """Argon2id at its default cost; made once, because its first hash takes a tenth of a second."""
    return Passwords()


def is_right(name: str, stored: str | None, password: str) -> bool:
    """Whether `password` belongs to the hash `stored` for `name`. Raises TooSoon for whoever tries again and again."""
    attempts, keys = cast(Attempts, current_app.extensions[ATTEMPTS]), keys_of(name, request.remote_addr)
    if wait := attempts.begin(keys, parts().now()):
        raise TooSoon(ceil(wait.total_seconds()))
    is_right = passwords().is_right(stored, password)
    if is_right:
        attempts.was_right(keys, parts().now())
    return is_right


def too_soon(error: TooSoon) -> str:
    """What somebody reads who has to wait."""
    return str(
        ngettext(
            "Too many wrong passwords. Wait %(num)s second and try again. Nothing was changed.",
            "Too many wrong passwords. Wait %(num)s seconds and try again. Nothing was changed.",
            error.wait_s,
        )
    )


@blueprint.get("/sign-in")
def form() -> ResponseReturnValue:
    """Name and password."""
    return redirect("/") if g.person else _form()


@blueprint.post("/sign-in")
def enter() -> ResponseReturnValue:
    """Check name and password; open a session."""
    name, password = request.form.get("name", ""), request.form.get("password", "")
    with parts().reading() as conn:
        person = people.person_named(conn, name)
        stored = people.password_hash(conn, person.id) if person else None
    try:
        fits = is_right(name, stored, password)
    except TooSoon as error:
        return _form(too_soon(error), TOO_MANY)
    if not fits or person is None:
        return _form(_("Name and password do not fit together. Nothing was changed."), 403)
    return _let_in(person, request.form.get("next", ""))


@blueprint.get("/sign-in/link/<secret>")
def follow_link(secret: str) -> ResponseReturnValue:
    """The link that `tallyhouse up` prints: lets its person in once."""
    with parts().writing() as conn:
        person = sessions.use_link(conn, secret, parts().now())
    if person is None:
        return _form(_("This link was used before or is older than a day. For a new one: tallyhouse user link NAME"), 403)
    return _let_in(person, "/")


@blueprint.post("/sign-out")
def leave() -> ResponseReturnValue:
    """End this session."""
    with parts().writing() as conn:
        sessions.close_session(conn, request.cookies[COOKIE], parts().now())
    response = redirect(url_for("sign_in.form"))
    response.delete_cookie(COOKIE)
    session.clear()  # the next person at this tablet reads in their own language
    return response


@blueprint.post("/preferences")
def prefer() -> ResponseReturnValue:
    """Language and light or dark, kept in the browser; the language also with the person."""
    session.permanent = True
    if (language := request.form.get("language")) in LOCALES:
        session["language"] = language
        with parts().writing() as conn:
            people.set_language(conn, g.person.id, language)
    if (theme := request.form.get("theme")) in THEMES:
        session["theme"] = theme
    return redirect(inside(request.form.get("next", "")), 303)


def _let_in(person: Person, wanted: str) -> Response:
    session.pop("csrf_token", None)  # forms of before this sign-in are worth nothing after it
    with parts().writing() as conn:
        secret = sessions.open_session(conn, person, parts().now(), request.remote_addr)
    return keep_session(redirect(inside(wanted)), secret)


def _form(problem: str | None = None, status: int = 200) -> ResponseReturnValue:
    wanted = request.values.get("next", "")
    return render_template("sign_in/page.html", problem=problem, next=wanted, name=request.form.get("name", "")), status
