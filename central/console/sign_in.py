"""Coming in, by password or by a link that works once, and going out."""

from functools import cache

from flask import Blueprint, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from central.console.access import COOKIE, inside, keep_session
from central.identity import sessions
from central.identity.passwords import Passwords
from central.parts import parts
from central.store import people
from central.store.people import Person
from central.translations.catalogue import LOCALES

THEMES = ("system", "light", "dark")
blueprint = Blueprint("sign_in", __name__)


@cache
def passwords() -> Passwords:
    """Argon2id at its default cost; made once, because its first hash takes a tenth of a second."""
    return Passwords()


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
    if not passwords().is_right(stored, password) or person is None:
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
    return redirect(inside(request.form.get("next", "")))


def _let_in(person: Person, wanted: str) -> Response:
    with parts().writing() as conn:
        secret = sessions.open_session(conn, person, parts().now(), request.remote_addr)
    return keep_session(redirect(inside(wanted)), secret)


def _form(problem: str | None = None, status: int = 200) -> ResponseReturnValue:
    wanted = request.values.get("next", "")
    return render_template("sign_in/page.html", problem=problem, next=wanted, name=request.form.get("name", "")), status
