"""Who may ask: a bearer token with the scope that the endpoint names, before anything of the request is read."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import structlog
from flask import Blueprint, current_app, g, request
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import BadRequest

from central.api.problems import Problem
from central.identity import tokens
from central.identity.tokens import Scope
from central.parts import parts
from central.store import people
from central.store.people import Token

log = structlog.get_logger()
P = ParamSpec("P")
R = TypeVar("R")
_SCOPE = "tallyhouse_scope"
_TAKES = "tallyhouse_takes"
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="tallyhouse"'}


def needs(scope: Scope) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark an endpoint with the scope that opens it; one without a mark is closed to everybody."""

    def mark(view: Callable[P, R]) -> Callable[P, R]:
        setattr(view, _SCOPE, scope)
        return view

    return mark


def takes(*media_types: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark an endpoint whose body is a file of one of these kinds; without a mark a body is JSON."""

    def mark(view: Callable[P, R]) -> Callable[P, R]:
        setattr(view, _TAKES, media_types)
        return view

    return mark


def guard(blueprint: Blueprint) -> None:
    """Let nobody into `blueprint` without the right token; a body must be JSON, or what its endpoint takes."""
    blueprint.before_request(_enter)


def caller() -> Token:
    """The token of the request that is being answered."""
    token: Token = g.token
    return token


def _enter() -> None:
    g.token = _authenticated()
    view = current_app.view_functions[str(request.endpoint)]
    scope = getattr(view, _SCOPE, None)
    if scope not in caller().scopes:
        raise Problem(403, "missing-scope", f"The token {caller().name} lacks the scope {scope}; ask for one that has it.")
    if request.method in ("POST", "PUT", "PATCH"):
        _check_body(getattr(view, _TAKES, ()))


def _authenticated() -> Token:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    with parts().reading() as conn:
        token = tokens.bearer(conn, text.strip(), parts().now()) if scheme.lower() == "bearer" else None
    if token is None:
        raise Problem(401, "unauthorized", "Send a valid token: Authorization: Bearer th_…", headers=CHALLENGE)
    _note_use(token)
    return token


def _note_use(token: Token) -> None:
    now = parts().now()
    if not tokens.use_is_worth_noting(token, now):
        return
    try:
        with parts().writing() as conn:
            people.touch_token(conn, token.prefix, now)
    except OperationalError as error:  # no reason to refuse a reader
        log.warning("token_use_not_noted", token=token.name, error=str(error.orig))


def _check_body(files: tuple[str, ...]) -> None:
    if files:
        if request.mimetype not in files:
            raise Problem(415, "unsupported-media-type", f"Send {' or '.join(files)}, not {request.mimetype or 'nothing'}.")
        return
    if request.mimetype != "application/json":
        raise Problem(415, "unsupported-media-type", f"Send application/json, not {request.mimetype or 'nothing'}.")
    try:
        request.get_json()
    except BadRequest as error:
        raise Problem(400, "unreadable", "The body is not JSON in UTF-8: check its quotes, commas and numbers.") from error
    except RecursionError as error:
        raise Problem(
            400, "unreadable", "The body is nested too deep: send a flat list of movements or one verdict."
        ) from error
