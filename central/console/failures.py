"""What went wrong, in words a person can act on: what happened, what was kept, what to do, and a number to quote."""

from secrets import token_hex

import structlog
from flask import Flask, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import Forbidden, HTTPException, InternalServerError, NotFound

log = structlog.get_logger()


def register(app: Flask) -> None:
    """Give `app` pages for what goes wrong; the API words its own."""
    for error in (Forbidden, NotFound, CSRFError):
        app.register_error_handler(error, _told)
    app.register_error_handler(InternalServerError, _broken)


def _told(error: HTTPException) -> ResponseReturnValue:
    kind = "forged" if isinstance(error, CSRFError) else str(error.code)
    return _page(kind, error, error.code or 500)


def _broken(error: InternalServerError) -> ResponseReturnValue:
    reference = token_hex(4)
    log.error("page_failed", reference=reference, path=request.path, exc_info=error.original_exception or error)
    return _page("500", error, 500, reference)


def _page(kind: str, error: HTTPException, status: int, reference: str | None = None) -> ResponseReturnValue:
    g.setdefault("person", None)
    return render_template("failures/page.html", kind=kind, who_may=error.description, reference=reference), status
