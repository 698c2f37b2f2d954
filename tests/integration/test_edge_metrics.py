"""`/metrics` of a real agent."""

import socket
import subprocess
import urllib.request
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.integration.edge_parts import EDGE, Keys, device_file
from tests.parts.ports import eventually, free_port


def scraped(port: int) -> dict[str, float]:
    """name → value of the agent's figures, empty while it does not answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=2) as answer:
            text = answer.read().decode()
    except OSError:
        return {}
    return {sample.name: sample.value for family in text_string_to_metric_families(text) for sample in family.samples}


def test_prometheus_reads_the_health_of_an_agent(tmp_path: Path) -> None:
    """Also while there is no broker: that is when one wants to look."""
    port = free_port()
    config = device_file(tmp_path, Keys(), 9, "ear-02", f"metrics_port = {port}")
    config.write_text(config.read_text() + '[[source]]\nid = "gone"\nkind = "csv"\npath = "gone.csv"\n')
    with subprocess.Popen([*EDGE, "run", "--config", str(config)], stderr=subprocess.DEVNULL) as agent:
        found = eventually(lambda: scraped(port), what="metrics")
        agent.terminate()
        assert agent.wait(timeout=20) == 0
    assert found["tallyhouse_machine_memory_mb"] > 1
    assert found["tallyhouse_outbox_count"] == 0
    assert found["tallyhouse_source_samples_total"] == 0


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    """With the key to change."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        config = device_file(tmp_path, Keys(), 9, "ear-02", f"metrics_port = {port}")
        done = subprocess.run(
            [*EDGE, "run", "--config", str(config)], capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 2
    assert f"metrics_port {port}" in done.stderr
