"""Headers of every answer: nothing may run, load or frame but what this house serves; and what is compressed."""

from flask import Flask, Response
from flask_compress import Compress

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
# Never text/event-stream: a compressor holds events back until its window is full.
COMPRESSED = ["text/html", "text/css", "text/javascript", "application/json", "application/problem+json", "image/svg+xml"]


def register(app: Flask) -> None:
    """Give `app` these headers and compression."""
    app.config.update(COMPRESS_MIMETYPES=COMPRESSED, COMPRESS_STREAMS=False, COMPRESS_ALGORITHM=["br", "gzip"])
    Compress(app)
    app.after_request(_add)


def _add(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if response.mimetype == "text/html":
        response.headers.setdefault("Cache-Control", "no-store")
    return response
