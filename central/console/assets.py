"""Style, script and pictures under addresses that hold a hash of their content, so that a browser may keep them for good."""

from functools import cache
from hashlib import sha256
from mimetypes import guess_type
from pathlib import Path

from flask import Blueprint, Response, abort, url_for
from flask.typing import ResponseReturnValue

FOLDER = Path(__file__).parent / "static"
KEEP_FOR_S = 365 * 24 * 3600
KEEP_ICON_FOR_S = 3600

blueprint = Blueprint("assets", __name__)


@cache
def digest(name: str) -> str:
    """The first 12 signs of the SHA-256 of a file in `static/`."""
    return sha256((FOLDER / name).read_bytes()).hexdigest()[:12]


@blueprint.app_template_global()
def asset(name: str) -> str:
    """The address of a file in `static/`."""
    return url_for("assets.file", version=digest(name), name=name)


@blueprint.get("/assets/<version>/<path:name>")
def file(version: str, name: str) -> ResponseReturnValue:
    """The file, when the version is the one on disk."""
    path = (FOLDER / name).resolve()
    if not path.is_relative_to(FOLDER.resolve()) or not path.is_file() or version != digest(name):
        abort(404)
    return _sent(path, KEEP_FOR_S)


@blueprint.get("/favicon.ico")
def favicon() -> ResponseReturnValue:
    """The mark of the house in the browser's tab."""
    return _sent(FOLDER / "favicon.svg", KEEP_ICON_FOR_S)


def _sent(path: Path, keep_for_s: int) -> Response:
    response = Response(path.read_bytes(), mimetype=guess_type(path.name)[0])
    response.cache_control.public = True
    response.cache_control.max_age = keep_for_s
    response.cache_control.immutable = keep_for_s == KEEP_FOR_S
    return response
