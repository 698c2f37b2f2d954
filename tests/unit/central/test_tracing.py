"""Traces: in every log line, and as spans where a collector asks for them."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
import structlog
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from central.logs import set_up_logs
from central.tracing import Tracer, exporting, new_trace, trace_of, trace_of_parent
from tests.makers import event_id
from tests.parts.ports import eventually

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize(
    ("header", "trace"),
    [
        (f"00-{TRACE}-b7ad6b7169203331-01", TRACE),
        (None, None),
        ("00-00000000000000000000000000000000-b7ad6b7169203331-01", None),
        ("00-XYZ7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", None),
        ("nonsense", None),
    ],
)
def test_a_caller_may_bring_its_trace(header: str | None, trace: str | None) -> None:
    """As W3C Trace Context writes it; anything else is passed over."""
    assert trace_of_parent(header) == trace


def test_the_trace_of_an_event_is_its_id() -> None:
    """So a device and the centre name the same trace without a word more on the wire."""
    assert trace_of(event_id(7)) == event_id(7).replace("-", "")
    assert len(new_trace()) == 32
    assert new_trace() != new_trace()


def test_every_log_line_within_carries_the_trace(capsys: pytest.CaptureFixture[str]) -> None:
    """And none outside of it."""
    set_up_logs()
    log = structlog.get_logger()
    with Tracer().traced("decide", TRACE):
        log.info("inside")
    log.info("outside")
    lines = {line["event"]: line for line in map(json.loads, capsys.readouterr().err.splitlines())}
    assert lines["inside"]["trace"] == TRACE
    assert "trace" not in lines["outside"]


@pytest.fixture
def collector() -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """Takes OTLP over HTTP: its address, and what it was sent."""
    taken: list[ExportTraceServiceRequest] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", taken
        server.shutdown()
        thread.join()


def test_a_collector_gets_the_span_in_the_trace_of_its_event(
    collector: tuple[str, list[ExportTraceServiceRequest]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its beginning, and what was said of it."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    address, taken = collector
    with Tracer(exporting("tallyhouse", address)).traced("decide", TRACE, 1_000, capability="supply.inventory"):
        pass
    eventually(lambda: taken, what="an export")
    (span,) = taken[0].resource_spans[0].scope_spans[0].spans
    assert (span.name, span.trace_id.hex(), span.start_time_unix_nano) == ("decide", TRACE, 1_000)
    assert span.attributes[0].value.string_value == "supply.inventory"
