"""Each request of the web server: a trace that its log lines carry, and how long it took to begin to answer."""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Histogram
from werkzeug.wsgi import get_path_info

from central.tracing import Tracer, new_trace, trace_of_parent

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

EXTENSION = "tallyhouse_requests"
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
TRACE_HEADER = "Trace-Id"


def watch(app: Flask, tracer: Tracer) -> None:
    """Trace and time every request of `app`; what was timed lies in the registry of `timed`."""
    registry = CollectorRegistry()
    seconds = Histogram(
        "tallyhouse_request_seconds",
        "Time until a request's answer began.",
        ["method", "route", "status"],
        registry=registry,
        buckets=BUCKETS_S,
    )

    def began() -> None:
        g.began_s = time.perf_counter()

    def answered(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "none"
        seconds.labels(request.method, route, response.status_code).observe(time.perf_counter() - g.began_s)
        response.headers[TRACE_HEADER] = request.environ[TRACE_HEADER]
        return response

    app.extensions[EXTENSION] = registry
    app.before_request_funcs.setdefault(None, []).insert(0, began)
    app.after_request(answered)
    app.wsgi_app = _Traced(app.wsgi_app, tracer)  # type: ignore[method-assign]  # Flask's documented way


def timed(app: Flask) -> CollectorRegistry:
    """What `watch` timed."""
    registry: CollectorRegistry = app.extensions[EXTENSION]
    return registry


class _Traced:
    """WSGI middleware: a trace is there before anything of a request is read."""

    def __init__(self, inner: "WSGIApplication", tracer: Tracer) -> None:
        self._inner, self._tracer = inner, tracer

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        parent = environ.get("HTTP_TRACEPARENT")
        trace = trace_of_parent(parent if isinstance(parent, str) else None) or new_trace()
        environ[TRACE_HEADER] = trace
        with self._tracer.traced("request", trace, method=str(environ["REQUEST_METHOD"]), path=get_path_info(environ)):
            return self._inner(environ, start_response)
