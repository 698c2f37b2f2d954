"""A program that talks to the API of a small house: the app without the console, and a token with every scope."""

import json
import random
from typing import Any

from flask.testing import FlaskClient
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from werkzeug.test import TestResponse

from central import api
from central.api.answers import moment_text
from central.identity import tokens
from central.parts import EXTENSION
from tests.parts.house import OAT, SITE, House


class Program:
    """Sends what it is told, with its token."""

    def __init__(self, house: House, *scopes: str, site: str = SITE) -> None:
        self.app = OpenAPI("central", info=Info(title="Tallyhouse", version="0"), doc_ui=False, static_folder=None)
        self.app.extensions[EXTENSION] = house.parts
        self.app.config["MAX_CONTENT_LENGTH"] = 4 * 1024 * 1024
        api.register(self.app)
        with house.parts.writing() as conn:
            name = f"{site} {' '.join(scopes)}"
            self.token = tokens.issue(conn, name, site, scopes or tokens.SCOPES, house.now, random.Random(name).randbytes)
        self.client: FlaskClient = self.app.test_client()

    def get(self, path: str, **options: Any) -> TestResponse:
        """GET below /api/v1."""
        return self.call("GET", path, **options)

    def post(self, path: str, body: object, **options: Any) -> TestResponse:
        """POST JSON below /api/v1."""
        return self.call("POST", path, data=json.dumps(body), content_type="application/json", **options)

    def put(self, path: str, body: object) -> TestResponse:
        """PUT JSON below /api/v1."""
        return self.call("PUT", path, data=json.dumps(body), content_type="application/json")

    def delete(self, path: str) -> TestResponse:
        """DELETE below /api/v1."""
        return self.call("DELETE", path)

    def call(self, method: str, path: str, **options: Any) -> TestResponse:
        """Any method below /api/v1, with the token unless `headers` say otherwise."""
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        return self.client.open(f"/api/v1/{path}", method=method, headers=headers, **options)


def sale(house: House, **changes: Any) -> dict[str, Any]:
    """One oat milk sold from b-04 now."""
    line = {"id": "sale-1", "kind": "sale", "sku": OAT, "location": "b-04", "quantity": -1}
    return line | {"occurred_at": moment_text(house.now)} | changes


def problem(answer: Any, status: int, kind: str) -> dict[str, Any]:
    """The problem in an answer, once it is the one expected."""
    body: dict[str, Any] = answer.get_json(force=True)
    assert answer.status_code == status, body
    assert answer.mimetype == "application/problem+json"
    assert body["type"] == f"urn:tallyhouse:problem:{kind}"
    assert body["instance"].startswith("urn:uuid:")
    return body
