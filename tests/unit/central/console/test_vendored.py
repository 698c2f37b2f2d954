"""Files that others wrote are the files that were published."""

import tomllib
from hashlib import sha256
from typing import Any

import pytest

from central.console.assets import FOLDER

FILES: list[dict[str, Any]] = tomllib.loads((FOLDER / "vendor" / "VENDOR.toml").read_text(encoding="utf-8"))["file"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file["path"]))
def test_a_vendored_file_is_as_it_was_published(file: dict[str, Any]) -> None:
    """Hash and size fit what VENDOR.toml says."""
    content = (FOLDER / file["path"]).read_bytes()
    assert len(content) == file["bytes"]
    assert sha256(content).hexdigest() == file["sha256"]
    assert file["licence"] in {"0BSD", "ISC", "MIT"}


def test_every_file_in_the_vendor_folder_is_declared() -> None:
    """Nothing slips in beside."""
    declared = {file["path"] for file in FILES}
    assert {f"vendor/{path.name}" for path in (FOLDER / "vendor").glob("*.js")} <= declared
