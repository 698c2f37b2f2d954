"""A device joins a running house and leaves it: a code on the screen, a camera that reads it, an agent, a revocation."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from central.config import EXAMPLE
from central.fleet.secret_files import write_secret
from tests.parts.ports import eventually, free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TALLYHOUSE, EDGE = (Path(sys.executable).with_name(name) for name in ("tallyhouse", "tallyhouse-edge"))
WITHIN_A_MINUTE_S = 60.0


@dataclass(frozen=True)
class House:
    """A house of one's own that runs with TLS."""

    data: Path
    door: str

    def devices(self) -> dict[str, dict[str, object]]:
        """What `tallyhouse device list` says."""
        call: list[str | Path] = [TALLYHOUSE, "device", "list", "--json", "--config", self.data / "tallyhouse.toml"]
        said = subprocess.run(call, capture_output=True, text=True, check=True, timeout=60).stdout
        return {row["device"]: row for row in json.loads(said)}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """`tallyhouse up --empty --tls`."""
    data, text = tmp_path / "var", EXAMPLE
    for port in ("port = 8400", "port = 18883", "device_port = 18884", "program_port = 18885"):
        text = text.replace(f"\n{port}", f"\n{port.split(' ', maxsplit=1)[0]} = {free_port()}")
    write_secret(data / "tallyhouse.toml", text.encode())
    call: list[str | Path] = [TALLYHOUSE, "up", "--empty", "--tls", "--data", data]
    with subprocess.Popen(call, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        assert process.stdout is not None
        try:
            yield House(data, next(found[0] for line in process.stdout if (found := re.search(r"http://\S+", line))))
        finally:
            process.terminate()
            process.communicate(timeout=60)


def test_a_device_joins_by_what_is_on_the_screen_and_is_shut_out_within_a_minute(
    house: House, browser: Browser, tmp_path: Path
) -> None:
    """It makes its key itself, speaks over TLS, is seen; once it is shut out its session ends and it does not come back."""
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(house.door)
    page.goto(f"{house.door.partition('/sign-in')[0]}/setup/devices")
    page.get_by_text("Add a device").click()
    page.get_by_label("Name, of a–z").fill("gate-07")
    page.get_by_label("What people call it").fill("Gate camera")
    page.get_by_role("button", name="Make a code").click()
    expect(page.locator("#claim-state")).to_contain_text("Waiting for gate-07.")
    page.locator(".qr").screenshot(path=tmp_path / "seen.png")
    seen: list[str | Path] = [EDGE, "enrol", "--camera", tmp_path / "seen.png", "--out", tmp_path / "gate"]
    enrolled = subprocess.run(seen, check=False, timeout=60)
    assert enrolled.returncode == 0
    expect(page.locator("#claim-state")).to_contain_text("It is in.")
    page.get_by_role("link", name="gate-07").click()
    row, log = page.locator("article#gate-07"), tmp_path / "agent.log"
    call: list[str | Path] = [EDGE, "run", "--config", tmp_path / "gate" / "agent.toml"]
    with log.open("wb") as out, subprocess.Popen(call, stdout=out, stderr=out) as agent:
        try:
            expect(row).to_contain_text("Connected", timeout=20_000)
            row.get_by_text("Shut out…").click()
            began_s = time.monotonic()
            row.get_by_role("button", name="Shut gate-07 out").click()
            expect(row).to_have_count(0)
            eventually(lambda: b"hung up" in log.read_bytes(), within_s=WITHIN_A_MINUTE_S, what="the end of the session")
            assert time.monotonic() - began_s < WITHIN_A_MINUTE_S
            eventually(lambda: b"takes our certificate no more" in log.read_bytes(), within_s=20, what="the refusal")
        finally:
            agent.terminate()
    assert house.devices()["gate-07"]["revoked_at"] is not None
    context.close()
