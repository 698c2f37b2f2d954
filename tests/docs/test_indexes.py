"""The pages that name other things name all of them: rooms, how-to pages, decisions."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOUSE = set(re.findall(r"\w+", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")))


def rooms(package: str) -> list[str]:
    """Folders and modules at the top of a package."""
    found = (ROOT / package).iterdir()
    return sorted(
        path.stem for path in found if path.is_dir() or path.suffix == ".py" if not path.name.startswith((".", "__"))
    )


@pytest.mark.parametrize("room", [*rooms("central"), *rooms("edge_agent")])
def test_a_room_is_named_in_the_house_plan(room: str) -> None:
    """By its name, in the list of rooms or among the arrows."""
    assert room in HOUSE


@pytest.mark.parametrize("folder", ["docs/how-to", "docs/adr"])
def test_an_index_lists_every_page_and_no_other(folder: str) -> None:
    """A page that nobody can find is not written."""
    index = (ROOT / folder / "README.md").read_text(encoding="utf-8")
    pages = {path.name for path in (ROOT / folder).glob("*.md")} - {"README.md"}
    assert set(re.findall(r"\]\(([\w-]+\.md)\)", index)) == pages
