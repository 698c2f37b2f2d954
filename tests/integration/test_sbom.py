"""The bill of materials: every pinned package of a lock, with its hashes and what needs it."""

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def told(lock: Path) -> bytes:
    """What the script writes."""
    return subprocess.run([ROOT / "scripts" / "sbom", lock], check=True, capture_output=True, timeout=30).stdout


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-edge.lock", "requirements-central.lock"])
def test_every_pinned_package_stands_in_it_once(lock: str) -> None:
    """With its version, at least one hash, and a place in the tree of what needs what; twice the same bytes."""
    written = told(ROOT / lock)
    bill = json.loads(written)
    pinned = set(re.findall(r"^([A-Za-z0-9._-]+)(?:\[.*\])?==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))
    assert {(each["name"], each["version"]) for each in bill["components"]} == pinned
    assert all(each["externalReferences"][0]["hashes"] for each in bill["components"])
    tree = {each["ref"]: each["dependsOn"] for each in bill["dependencies"]}
    assert set(tree) == {"tallyhouse", *(each["bom-ref"] for each in bill["components"])}
    assert tree["tallyhouse"]
    reached, waiting = set(), ["tallyhouse"]
    while waiting:
        reference = waiting.pop()
        if reference not in reached:
            reached.add(reference)
            waiting += tree[reference]
    assert reached == set(tree)
    assert told(ROOT / lock) == written
