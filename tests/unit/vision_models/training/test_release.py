"""Releases are signed by a key that only its owner can read."""

import stat
from pathlib import Path

import pytest

from protocols.signing import public_key, sign, verify
from vision_models.errors import ReleaseImpossible
from vision_models.training.release import publish_key, read_draft, release_key


def test_a_new_key_is_private_and_stays_the_same(tmp_path: Path) -> None:
    """Made once with mode 0600; the published half checks what the private half signed."""
    path = tmp_path / "release.key"
    key = release_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    publish_key(key, tmp_path / "release.pub")
    verify(public_key((tmp_path / "release.pub").read_text().strip()), b"bundle", sign(release_key(path), b"bundle"))


def test_a_file_that_is_no_key_is_named(tmp_path: Path) -> None:
    """A wrong file is not overwritten."""
    path = tmp_path / "notes.txt"
    path.write_text("not a key")
    with pytest.raises(ReleaseImpossible, match=r"notes\.txt"):
        release_key(path)
    assert path.read_text() == "not a key"


def test_without_a_draft_there_is_nothing_to_release(tmp_path: Path) -> None:
    """The error says what to do first."""
    with pytest.raises(ReleaseImpossible, match="train the model"):
        read_draft(tmp_path)
