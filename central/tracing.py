"""One trace a fact, from the device to the decision: its id is the event's own UUID, so nothing more travels on the wire.

Each log line within `traced` carries it. Where the extra `otel` is installed and `[tracing] endpoint` names a collector, the
same stretches of work are exported as OpenTelemetry spans (W3C Trace Context: trace ids are 16 bytes, as UUIDs are).
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from secrets import randbits, token_hex
from uuid import UUID

import structlog

from central.errors import ConfigError

Attribute = str | int | float | bool
Exporter = Callable[[str, str, int | None, dict[str, Attribute]], AbstractContextManager[object]]


def trace_of(event_id: str) -> str:
    """The trace that an event begins: its UUID as 32 hexadecimal digits. Raises ValueError for what is no UUID."""
    return UUID(event_id).hex


def new_trace() -> str:
    """A trace of something that no event began, such as a request."""
    return token_hex(16)


def trace_of_parent(header: str | None) -> str | None:
    """The trace id of a `traceparent` header (W3C Trace Context, level 1); None when there is none, or it is malformed."""
    parts = (header or "").split("-")
    if len(parts) != 4 or len(parts[1]) != 32 or set(parts[1]) - set("0123456789abcdef") or set(parts[1]) == {"0"}:
        return None
    return parts[1]


class Tracer:
    """Names the stretches of work of one process.

    export: opens a span of a name, in a trace, that began at a Unix time in ns (None: now), with attributes.
    """

    def __init__(self, export: Exporter | None = None) -> None:
        self._export = export

    @contextmanager
    def traced(self, name: str, trace: str, since_ns: int | None = None, **attributes: Attribute) -> Iterator[None]:
        """Logs within carry `trace`; a collector, where there is one, gets a span of that name, begun at `since_ns`."""
        span = nullcontext() if self._export is None else self._export(name, trace, since_ns, attributes)
        with structlog.contextvars.bound_contextvars(trace=trace), span:
            yield


def exporting(service: str, endpoint: str) -> Exporter:
    """Sends spans to the OTLP/HTTP collector at `endpoint`. Raises ConfigError when the extra is not installed."""
    try:
        from opentelemetry import trace as otel  # noqa: PLC0415  an extra
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError("[tracing] endpoint needs the extra: pip install 'tallyhouse[otel]'") from error
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")))
    tracer = provider.get_tracer("tallyhouse")

    def span(
        name: str, trace: str, since_ns: int | None, attributes: dict[str, Attribute]
    ) -> AbstractContextManager[object]:
        sampled = otel.TraceFlags(otel.TraceFlags.SAMPLED)
        parent = otel.SpanContext(int(trace, 16), randbits(63) + 1, is_remote=True, trace_flags=sampled)
        context = otel.set_span_in_context(otel.NonRecordingSpan(parent))
        return tracer.start_as_current_span(name, context=context, start_time=since_ns, attributes=attributes)

    return span
