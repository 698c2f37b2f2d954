"""The OpenAPI 3.1 document, made from the code that answers."""

from typing import cast

from flask import Blueprint, Response, current_app, jsonify
from flask_openapi3.openapi import OpenAPI
from flask_openapi3.types import ResponseDict
from pydantic import BaseModel, ConfigDict

from protocols.request_signing import SCHEME

blueprint = Blueprint("api_document", __name__, url_prefix="/api/v1")


class FaultShape(BaseModel):
    """One thing that is wrong in a request."""

    pointer: str
    detail: str


class ProblemShape(BaseModel):
    """RFC 9457; `type` is stable, `instance` is the number of the request, `errors` name each part that is wrong."""

    model_config = ConfigDict(title="Problem", extra="allow")
    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[FaultShape] = []


SECURITY: list[dict[str, list[str]]] = [{"token": []}]
DEVICE_SECURITY: list[dict[str, list[str]]] = [{"device": []}]
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemShape"}}}
PROBLEMS: ResponseDict = {
    status: {"description": words, "content": _PROBLEM}
    for status, words in (
        (401, "No valid token"),
        (403, "The token lacks the scope, or is of another site"),
        (422, "The request does not fit the schema"),
    )
}


def describe(app: OpenAPI) -> None:
    """Say in the document how to sign in and what errors look like."""
    app.security_schemes = {
        "token": {"type": "http", "scheme": "bearer", "description": "th_<prefix>_<secret>"},
        "device": {"type": "http", "scheme": SCHEME, "description": "<device> <Unix seconds> <signature>"},
    }
    app.validation_error_model = ProblemShape


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The document."""
    return jsonify(cast(OpenAPI, current_app).api_doc)
