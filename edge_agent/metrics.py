"""`/metrics` for Prometheus on this device, where `metrics_port` asks for it: the health message as gauges and counters.

Spoken on the loopback only: an agent opens no port to the network.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Metric, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from edge_agent.errors import ConfigError
from protocols.messages.device import Health

LOOPBACK = "127.0.0.1"
_MACHINE = {
    "cpu_percent": "Share of all processors in use.",
    "memory_mb": "Memory of the agent in megabytes.",
    "temperature_c": "Hottest thermal zone in degrees Celsius.",
    "disk_free_mb": "Free on the disk of the data folder, in megabytes.",
    "clock_jumps": "Jumps of the clock since the start.",
    "clock_error_s": "How wrong the kernel holds its clock to be at most, in seconds.",
}
_OUTBOX = {
    "count": "Events not yet acknowledged.",
    "bytes": "Their bytes.",
    "oldest_age_s": "How long the oldest of them waits, in seconds.",
    "set_aside": "Events the centre never acknowledged.",
}
_SOURCE = {
    "samples": "Frames and readings looked at.",
    "dropped": "Those that came too fast to be looked at.",
    "refused": "Those that could not be used.",
    "task_errors": "Times a task failed on one.",
    "held_back": "Frames that the trigger of the camera did not ask for.",
    "over_budget": "Those that a task had no processor time left for.",
}


@contextmanager
def serving_metrics(port: int | None, health: Callable[[], Health]) -> Iterator[None]:
    """Answer on `port` until the block ends; None serves nothing. Raises ConfigError for a port that is taken."""
    if port is None:
        yield
        return
    registry = CollectorRegistry(auto_describe=False)
    registry.register(HealthCollector(health))
    try:
        server, thread = start_http_server(port, LOOPBACK, registry)
    except OSError as error:
        raise ConfigError(f"metrics_port {port}: {error.strerror}; choose a free one") from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True, eq=False)
class HealthCollector(Collector):
    """Asks for the health at each scrape."""

    health: Callable[[], Health]

    def collect(self) -> Iterable[Metric]:
        """All figures of one moment."""
        health = self.health()
        yield from _gauges("machine", _MACHINE, health)
        yield from _gauges("outbox", _OUTBOX, health.outbox)
        for name, says in _SOURCE.items():
            counter = CounterMetricFamily(f"tallyhouse_source_{name}", says, labels=["source"])
            for source in health.sources:
                counter.add_metric([source.id], getattr(source, name))
            yield counter
        lost = GaugeMetricFamily("tallyhouse_source_lost", "1 while the source cannot be read.", labels=["source"])
        for source in health.sources:
            lost.add_metric([source.id], float(source.state == "lost"))
        yield lost

    def describe(self) -> Iterable[Metric]:
        """Nothing is asked of the agent before the first scrape."""
        return ()


def _gauges(part: str, figures: dict[str, str], told: object) -> Iterator[Metric]:
    for name, says in figures.items():
        value = getattr(told, name)
        if value is not None:
            yield GaugeMetricFamily(f"tallyhouse_{part}_{name}", says, value=float(value))
