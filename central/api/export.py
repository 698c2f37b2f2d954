"""Writes docs/reference/openapi.json from the code that answers: `python -m central.api.export`. Tests compare it."""

import json
import sys
from pathlib import Path

from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI

from central import api

TARGET = Path("docs/reference/openapi.json")


def document() -> str:
    """The OpenAPI 3.1 document; its version is that of the API, not of the program."""
    app = OpenAPI("central", info=Info(title="Tallyhouse", version="1"), doc_ui=False, static_folder=None)
    api.register(app)
    return json.dumps(app.api_doc, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    (Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET).write_text(document(), encoding="utf-8")
