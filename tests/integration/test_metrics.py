"""`/metrics` of the whole web server, as Prometheus reads it."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from central.app import create_app
from central.background.bookkeeping import keep_books
from central.identity import tokens
from central.logs import set_up_logs
from central.store import backups, devices
from central.store.backups import BackupRow
from central.store.devices import Ledger
from tests.parts.house import SITE, House

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A small house in which a shelf was counted."""
    house = House(tmp_path)
    house.count("b-04", 3)
    yield house
    house.close()


@pytest.fixture
def client(house: House) -> FlaskClient:
    """Of the console and the API together."""
    return create_app(house.parts, secret_key=b"of this test only").test_client()


def bearer(house: House, *scopes: str) -> dict[str, str]:
    """A token with these scopes, as a header."""
    with house.parts.writing() as conn:
        token = tokens.issue(conn, f"prometheus {scopes}", SITE, scopes, house.now, random.Random(1).randbytes)
    return {"Authorization": f"Bearer {token}"}


def figures(text: str) -> dict[tuple[str, str], float]:
    """(name, device or route) → value."""
    return {
        (sample.name, sample.labels.get("device") or sample.labels.get("route", "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_prometheus_reads_completeness_backlogs_and_answer_times(house: House, client: FlaskClient) -> None:
    """What waits falls when it is decided."""
    headers = bearer(house, "metrics:read")
    house.pass_time(seconds=2)
    client.get("/healthz")
    before = figures(client.get("/metrics", headers=headers).text)
    assert before["tallyhouse_decisions_due", ""] == 1
    assert before["tallyhouse_events_stored_total", "eye-01"] == 0  # the house's counts came past the ledger
    assert before["tallyhouse_device_online", "eye-01"] == 0
    assert before["tallyhouse_request_seconds_count", "/healthz"] == 1
    house.decide()
    assert figures(client.get("/metrics", headers=headers).text)["tallyhouse_decisions_due", ""] == 0


@pytest.mark.parametrize(("scopes", "status"), [((), 401), (("health:read",), 403)])
def test_metrics_are_closed_to_those_without_the_scope(
    house: House, client: FlaskClient, scopes: tuple[str, ...], status: int
) -> None:
    """They tell what a house does all day."""
    assert client.get("/metrics", headers=bearer(house, *scopes) if scopes else {}).status_code == status


def test_a_request_and_what_is_logged_of_it_share_a_trace(
    house: House, client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """The caller's, when it brings one."""
    set_up_logs()
    answer = client.get("/api/v1/stock", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
    assert (answer.status_code, answer.headers["Trace-Id"]) == (401, TRACE)
    (line,) = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (line["event"], line["trace"]) == ("api_problem", TRACE)
    assert client.get("/healthz").headers["Trace-Id"] != TRACE


def test_prometheus_reads_what_an_audit_did_not_find_and_the_age_of_the_backup(house: House, client: FlaskClient) -> None:
    """Neither stands there before there is a day on record, or a backup."""
    headers = bearer(house, "metrics:read")
    before = figures(client.get("/metrics", headers=headers).text)
    assert not {name for name, _ in before} & {"tallyhouse_events_unaccounted", "tallyhouse_backup_age_seconds"}
    with house.parts.writing() as conn:
        backups.add(conn, BackupRow(house.now, "/mnt/b/1", 1, 1.0))
        devices.put_ledgers(conn, [Ledger("eye-01", cursor=3, highest_seen=3, stored=3)])
    keep_books(house.parts, house.pass_time(days=1))
    after = figures(client.get("/metrics", headers=headers).text)
    assert after["tallyhouse_events_unaccounted", "eye-01"] == 2
    assert after["tallyhouse_backup_age_seconds", ""] == 24 * 3600
