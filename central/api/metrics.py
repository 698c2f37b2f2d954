"""`/metrics` for Prometheus: what the rows say of devices, completeness and backlogs, and how this process answers.

Counters come from the database, so that they outlive every process and are the same whichever is asked.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Connection

from central.api import access, problems
from central.api.access import caller, needs
from central.fleet.ledger import Completeness, completeness
from central.floor.devices import DeviceState, all_devices
from central.parts import parts
from central.requests import timed
from central.store import announcements, backups, due, ledger_days, quarantine
from central.store.ledger_days import LedgerDay

blueprint = Blueprint("metrics", __name__)
access.guard(blueprint)
problems.answer_errors_of(blueprint)


@blueprint.get("/metrics")
@needs("metrics:read")
def metrics() -> Response:
    """Everything, in Prometheus' text format."""
    now, site = parts().now(), caller().site
    with parts().reading() as conn:
        accounts, audited = completeness(conn, site=site), ledger_days.newest(conn)
        found = [*_house(conn, now), *_ledgers(accounts, site), *_devices(all_devices(conn, site), site)]
        found.append(_audits(accounts, audited, site))
    registry = CollectorRegistry()
    registry.register(_Found(found))
    text = generate_latest(registry) + generate_latest(timed(current_app))
    return Response(text, content_type=CONTENT_TYPE_LATEST)


@dataclass(frozen=True, eq=False)
class _Found(Collector):
    metrics: list[Metric]

    def collect(self) -> Iterable[Metric]:
        """As they were read."""
        return self.metrics


def _house(conn: Connection, now: datetime) -> Iterator[Metric]:
    waiting, oldest = announcements.waiting(conn)
    age_s = 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())
    yield _gauge("decisions_due", "Subjects that may be decided and are not yet.", due.backlog(conn, now))
    yield _gauge("announcements_waiting", "Announcements that the broker does not have yet.", waiting)
    yield _gauge("announcements_oldest_age_seconds", "Age of the oldest of them.", age_s)
    yield _gauge("quarantined_messages", "Messages in quarantine.", quarantine.count(conn))
    if (backup := backups.newest(conn)) is not None:
        yield _gauge("backup_age_seconds", "Since the newest backup was made.", (now - backup.made_at).total_seconds())


def _gauge(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(f"tallyhouse_{name}", says, value=value)


# Name of the metric → what it says, and the field of the account it is. Counters first, then gauges.
_COUNTED = {
    "events_stored": "Events on disk.",
    "events_duplicates": "Events that came again, without effect.",
    "events_late": "Events that came long after they occurred.",
    "events_gaps": "Batches that came beyond the cursor and were asked for again.",
    "events_quarantined": "Events that could not be taken in.",
    "events_declared_lost": "Events that the device declared lost.",
}
_STANDING = {
    "events_missing": "Events that the device has numbered and that are not here.",
    "outbox_unsent": "Events that wait on the device, as it said last.",
    "outbox_unsent_bytes": "Their bytes.",
    "outbox_oldest_unsent_age_s": "How long the oldest of them waits, in seconds.",
}


def _ledgers(accounts: list[Completeness], site: str) -> Iterator[Metric]:
    mine = [account for account in accounts if account.site == site]
    labels = ["site", "device"]
    for name, says in _COUNTED.items():
        counter = CounterMetricFamily(f"tallyhouse_{name}", says, labels=labels)
        for account in mine:
            counter.add_metric([site, account.device], getattr(account, name.removeprefix("events_")))
        yield counter
    for name, says in _STANDING.items():
        gauge = GaugeMetricFamily(f"tallyhouse_{name}", says, labels=labels)
        for account in mine:
            value = getattr(account, name.removeprefix("events_").removeprefix("outbox_"))
            if value is not None:
                gauge.add_metric([site, account.device], value)
        yield gauge


def _audits(accounts: list[Completeness], audited: Mapping[str, LedgerDay], site: str) -> Metric:
    says = "Events that the ledger counted and the newest daily audit did not find; anything but 0 is an alarm."
    gauge = GaugeMetricFamily("tallyhouse_events_unaccounted", says, labels=["site", "device"])
    for account in accounts:
        if (day := audited.get(account.device)) is not None:
            gauge.add_metric([site, account.device], day.unaccounted)
    return gauge


_HEALTH = {
    "cpu_percent": "Share of all processors in use.",
    "memory_mb": "Memory of the agent in megabytes.",
    "temperature_c": "Hottest thermal zone in degrees Celsius.",
    "disk_free_mb": "Free on the disk of its data, in megabytes.",
    "clock_jumps": "Jumps of its clock since its start.",
    "clock_error_s": "How wrong it holds its clock to be at most, in seconds.",
}


def _devices(devices: list[DeviceState], site: str) -> Iterator[Metric]:
    online = GaugeMetricFamily("tallyhouse_device_online", "1 while connected.", labels=["site", "device"])
    dropped = CounterMetricFamily("tallyhouse_device_dropped_samples", "Samples never looked at.", labels=["site", "device"])
    for device in devices:
        online.add_metric([site, device.device], float(device.online))
        dropped.add_metric([site, device.device], device.dropped)
    yield from (online, dropped)
    for name, says in _HEALTH.items():
        gauge = GaugeMetricFamily(f"tallyhouse_device_{name}", says, labels=["site", "device"])
        for device in devices:
            value = getattr(device.health, name, None)
            if value is not None:
                gauge.add_metric([site, device.device], float(value))
        yield gauge
