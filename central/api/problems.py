"""Errors as programs read them: RFC 9457 problem+json with stable types; `instance` is the number of the request."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast
from uuid import uuid4

import structlog
from flask import Blueprint, Response, json, request
from flask_openapi3.openapi import OpenAPI
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from central.errors import AlreadyReviewed, CommandRefused, NotReviewable, PlanRefused, SettingsRefused
from central.translations.catalogue import language_of

PREFIX = "/api/"
MEDIA_TYPE = "application/problem+json"
log = structlog.get_logger()


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in a request: where (JSON pointer into the body, or a parameter's name) and what."""

    pointer: str
    detail: str


@dataclass(eq=False)  # not frozen: Python hangs the traceback on an exception
class Problem(Exception):
    """An answer that is not the one asked for. `kind` is the last part of its stable type; `more` are extra members."""

    status: int
    kind: str
    detail: str
    faults: tuple[Fault, ...] = ()
    more: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def answer(self) -> Response:
        """The response."""
        instance = f"urn:uuid:{uuid4()}"
        body: dict[str, Any] = {
            "type": f"urn:tallyhouse:problem:{self.kind}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
        }
        if self.faults:
            body["errors"] = [{"pointer": fault.pointer, "detail": fault.detail} for fault in self.faults]
        log.info("api_problem", kind=self.kind, status=self.status, instance=instance, path=request.path, detail=self.detail)
        return Response(json.dumps(body | self.more), self.status, self.headers, content_type=MEDIA_TYPE)


def register(app: OpenAPI) -> None:
    """Answer what the API's paths do not know, and what does not fit their schemas, as problems."""
    app.validation_error_callback = lambda error: of_validation(error).answer()
    app.before_request(_unroutable)


def answer_errors_of(blueprint: Blueprint) -> None:
    """Turn what a blueprint raises into problems."""
    blueprint.register_error_handler(Problem, Problem.answer)
    blueprint.register_error_handler(AlreadyReviewed, lambda error: Problem(409, "already-reviewed", str(error)).answer())
    blueprint.register_error_handler(PlanRefused, _of_plan)
    blueprint.register_error_handler(NotReviewable, lambda error: Problem(409, "not-reviewable", str(error)).answer())
    blueprint.register_error_handler(CommandRefused, lambda error: Problem(409, "command-refused", str(error)).answer())
    blueprint.register_error_handler(SettingsRefused, _of_settings)
    blueprint.register_error_handler(OperationalError, _of_busy_database)
    blueprint.register_error_handler(HTTPException, _of_http)
    blueprint.register_error_handler(Exception, _of_crash)


def of_validation(error: ValidationError, within: str = "") -> Problem:
    """What pydantic found; `within` is the pointer to the part of the body that was checked."""
    return Problem(422, "invalid", "The request does not fit the schema: see errors.", faults_of(error, within))


def faults_of(error: ValidationError, within: str = "") -> tuple[Fault, ...]:
    """One fault for each thing that pydantic found."""
    return tuple(
        Fault(within + "".join(f"/{part}" for part in found["loc"]), found["msg"])
        for found in error.errors(include_url=False, include_context=False, include_input=False)
    )


def _unroutable() -> Response | None:
    failure = request.routing_exception
    if failure is None or not request.path.startswith(PREFIX):
        return None
    return _of_http(failure)


def _of_http(error: HTTPException) -> Response:
    if error.response is not None:  # already an answer: a validation error, a redirect
        return cast(Response, error.response)
    status = error.code or 500
    kind = HTTPStatus(status).phrase.lower().replace(" ", "-")
    headers = {name: value for name, value in error.get_headers() if name != "Content-Type"}  # Allow, Retry-After
    return Problem(status, kind, error.description or HTTPStatus(status).description, headers=headers).answer()


def _of_settings(error: SettingsRefused) -> Response:
    faults = tuple(Fault(f"/settings{fault.pointer}", fault.worded()) for fault in error.faults)
    return Problem(422, "settings-refused", "Nothing is changed: see errors.", faults).answer()


def _of_plan(error: PlanRefused) -> Response:
    locale = language_of([tag for tag, _ in request.accept_languages])
    faults = tuple(Fault("/proposal", words) for words in error.worded(locale))
    return Problem(409, "plan-refused", "The proposal breaks constraints: see errors.", faults).answer()


def _of_busy_database(error: OperationalError) -> Response:
    log.warning("database_busy", path=request.path, error=str(error.orig))
    detail = "The database is busy or its disk is full; nothing of this request is stored. Send it again."
    return Problem(503, "busy", detail, headers={"Retry-After": "2"}).answer()


def _of_crash(error: Exception) -> Response:
    log.exception("api_crashed", path=request.path, exc_info=error)
    return Problem(
        500, "internal-error", "The server failed; what it had not stored is not stored. Try again later."
    ).answer()
