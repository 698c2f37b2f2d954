"""The Flask app: the API for programs and the console for people, on one set of parts."""

from importlib.metadata import version

from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI

from central import api, console
from central.parts import EXTENSION, Parts
from central.requests import watch


def create_app(parts: Parts, *, secret_key: bytes) -> OpenAPI:
    """The whole web server over `parts`; `secret_key` signs sessions' forms."""
    app = OpenAPI("central", info=Info(title="Tallyhouse", version=version("tallyhouse")), doc_ui=False, static_folder=None)
    app.config.update(SECRET_KEY=secret_key, MAX_CONTENT_LENGTH=4 * 1024 * 1024)
    app.extensions[EXTENSION] = parts
    watch(app, parts.tracer)
    api.register(app)
    console.register(app)
    return app
