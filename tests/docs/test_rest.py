"""The page about REST names every path, every scope and every problem."""

import re
from pathlib import Path

import pytest

from central import api
from central.api import export
from central.deciding import review
from central.identity.tokens import SCOPES

PAGE = (Path(__file__).parents[2] / "docs/reference/rest.md").read_text(encoding="utf-8")
ROOM = Path(next(iter(api.__path__)))
PATHS = sorted(set(re.findall(r'"(/api/v1/[^"]+)": \{', export.document())))
KINDS = sorted(
    {kind for file in ROOM.glob("*.py") for kind in re.findall(r'Problem\(\s*\d{3}, "([a-z-]+)"', file.read_text())}
)


@pytest.mark.parametrize("path", PATHS)
def test_a_path_is_documented(path: str) -> None:
    """As it stands in the OpenAPI document."""
    assert f"{path.removeprefix('/api/v1')}" in PAGE


@pytest.mark.parametrize("word", [*SCOPES, *review.REASONS, *KINDS])
def test_a_scope_a_reason_and_a_problem_are_documented(word: str) -> None:
    """By the word that programs see."""
    assert f"`{word}`" in PAGE


def test_problems_were_found_in_the_code() -> None:
    """Otherwise the test above would hold for nothing."""
    assert len(PATHS) >= 9
    assert len(KINDS) >= 9
