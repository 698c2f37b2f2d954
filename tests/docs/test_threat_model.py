"""The threat model: every threat names tests, and every test that it names is there."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(\w+\.py)::(\w+)`")
KINDS = re.compile(r"\| ([STRIDE](?:, [STRIDE])*) \|")


def threats() -> list[str]:
    """The rows of the tables that are about a threat."""
    lines = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if KINDS.match(line)]


@cache
def known_tests() -> frozenset[tuple[str, str]]:
    """Each test function with the name of its file."""
    return frozenset(
        (file.name, name)
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)\(", file.read_text(encoding="utf-8"), re.MULTILINE)
    )


def test_there_are_threats_of_every_kind() -> None:
    """STRIDE, each letter at least once."""
    kinds = {kind for row in threats() for kind in KINDS.match(row)[1].split(", ")}  # type: ignore[index]
    assert kinds == set("STRIDE")


@pytest.mark.parametrize("row", threats())
def test_a_threat_names_tests_that_exist(row: str) -> None:
    """A renamed test is renamed there, too; a threat without one is left open, and says so below the tables."""
    named = NAMED.findall(row)
    assert named
    assert [test for test in named if test not in known_tests()] == []


def test_security_md_points_here() -> None:
    """Whoever looks for what holds finds it."""
    assert "docs/threat-model.md" in (ROOT / "SECURITY.md").read_text(encoding="utf-8")
