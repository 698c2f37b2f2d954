"""Who is looking, and what they may do: every page but the sign-in needs a session, every form a token against forgery."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, cast

from flask import Flask, Response, abort, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect
from werkzeug.wrappers import Response as BaseResponse

from central.identity import permissions, sessions
from central.parts import parts
from central.store.people import Person

COOKIE = "tallyhouse_session"
OPEN_TO_ALL = frozenset({"sign_in.form", "sign_in.enter", "sign_in.follow_link"})
Route = ParamSpec("Route")


def guard(app: Flask, rooms: frozenset[str]) -> None:
    """Let nobody into the blueprints in `rooms` without a session, and no form without its token."""
    app.config.update(
        WTF_CSRF_CHECK_DEFAULT=False,  # the API has bearer tokens instead; we ask for the console only
        WTF_CSRF_TIME_LIMIT=None,  # a token lives as long as its session: a tablet stays open for a shift
        SESSION_COOKIE_NAME="tallyhouse_form",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
    )
    forgery = CSRFProtect(app)
    app.jinja_env.globals.update(may=may_i)

    @app.before_request
    def admit() -> ResponseReturnValue | None:
        if request.blueprint not in rooms:
            return None
        with parts().reading() as conn:
            g.person = sessions.person_of(conn, request.cookies.get(COOKIE), parts().now())
        if not g.person and request.endpoint not in OPEN_TO_ALL:
            return _to_sign_in()  # before the form is read: a stranger's may be as long as a file
        if request.method == "POST":
            forgery.protect()
        return None


def current_person() -> Person:
    """Who is signed in on this request."""
    return cast(Person, g.person)


def may_i(action: permissions.Action) -> bool:
    """Whether the reader may do `action`; templates leave out what they may not."""
    return permissions.may(current_person().role, action)


def may(
    action: permissions.Action,
) -> Callable[[Callable[Route, ResponseReturnValue]], Callable[Route, ResponseReturnValue]]:
    """A route for people with this permission: 403 for others, naming who may."""

    def wrap(route: Callable[Route, ResponseReturnValue]) -> Callable[Route, ResponseReturnValue]:
        @wraps(route)
        def asked(*args: Route.args, **kwargs: Route.kwargs) -> ResponseReturnValue:
            if not may_i(action):
                abort(403, description=", ".join(permissions.roles_that_may(action)))
            return route(*args, **kwargs)

        return asked

    return wrap


def keep_session(response: BaseResponse, secret: str) -> BaseResponse:
    """Set the cookie of a new session."""
    lasts_s = int(sessions.SESSION_LASTS.total_seconds())
    response.set_cookie(COOKIE, secret, max_age=lasts_s, httponly=True, samesite="Lax", secure=request.is_secure)
    return response


def inside(wanted: str) -> str:
    """An address of this house; anything else is the first page. Browsers drop tabs and line breaks: `/<tab>/x` is `//x`."""
    is_ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if is_ours else "/"


def _to_sign_in() -> ResponseReturnValue:
    if request.method == "GET" and not request.headers.get("HX-Request"):
        here = request.full_path.rstrip("?")
        return redirect(url_for("sign_in.form", next=None if here == "/" else here))
    return Response(status=401, headers={"HX-Redirect": url_for("sign_in.form")})
