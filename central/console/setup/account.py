"""One's own account: a password for the next sign-in, and the end of sessions elsewhere."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from central.console.access import COOKIE, current_person
from central.console.sign_in import TOO_MANY, is_right, passwords, too_soon
from central.errors import TooSoon
from central.identity import sessions
from central.identity.passwords import LEAST_SIGNS
from central.parts import parts
from central.store import people

blueprint = Blueprint("account", __name__)


@blueprint.get("/setup/account")
def page() -> ResponseReturnValue:
    """Name, role, password, sessions."""
    return _page()


@blueprint.post("/setup/account/password")
def set_password() -> ResponseReturnValue:
    """A new password; whoever has one must give it. Whoever came in by the old one is out."""
    person, chosen = current_person(), request.form.get("new", "")
    with parts().reading() as conn:
        stored = people.password_hash(conn, person.id)
    try:
        may_change = stored is None or is_right(person.name, stored, request.form.get("old", ""))
    except TooSoon as error:
        return _page(too_soon(error), TOO_MANY)
    if not may_change:
        return _page(_("The old password is not right. Nothing was changed."), 403)
    if len(chosen) < LEAST_SIGNS:
        return _page(_("A password needs %(least)s characters or more. Nothing was changed.", least=LEAST_SIGNS), 422)
    hashed = passwords().hashed(chosen)
    with parts().writing() as conn:
        people.set_password_hash(conn, person.id, hashed)
        sessions.close_others(conn, person, request.cookies[COOKIE], parts().now())
    flash(_("Your password is set. You are signed out everywhere else."))
    return redirect(url_for("account.page"), 303)


@blueprint.post("/setup/account/sessions")
def close_others() -> ResponseReturnValue:
    """Sign out everywhere else."""
    with parts().writing() as conn:
        closed = sessions.close_others(conn, current_person(), request.cookies[COOKIE], parts().now())
    flash(ngettext("%(num)s other session was ended.", "%(num)s other sessions were ended.", closed))
    return redirect(url_for("account.page"), 303)


def _page(problem: str | None = None, status: int = 200) -> ResponseReturnValue:
    with parts().reading() as conn:
        has_password = people.password_hash(conn, current_person().id) is not None
    return render_template("setup/account.html", problem=problem, has_password=has_password, least=LEAST_SIGNS), status
