"""A camera reads the link of a claim, and no other picture code."""

from pathlib import Path

import pytest
import segno

from edge_agent.errors import EnrolmentRefused
from edge_agent.link.picture_code import link_seen_by

LINK = "https://192.168.1.5:8400/enrol#0123-4567-89AB-CDEF-GHJK-MNPQ-RSTV-WXYZ"


def test_the_link_of_a_claim_is_read(tmp_path: Path) -> None:
    """As the console shows it."""
    segno.make(LINK, error="m").save(str(tmp_path / "seen.png"), scale=5)
    assert link_seen_by(str(tmp_path / "seen.png")) == LINK


@pytest.mark.parametrize("text", ["https://192.168.1.5:8400/shelf/b-04", "oat-milk-1l"])
def test_another_picture_code_is_not_followed(tmp_path: Path, text: str) -> None:
    """A label on a shelf is no claim."""
    segno.make(text).save(str(tmp_path / "seen.png"), scale=5)
    with pytest.raises(EnrolmentRefused, match="no picture code of a claim was seen"):
        link_seen_by(str(tmp_path / "seen.png"))


def test_a_camera_that_is_not_there_is_named(tmp_path: Path) -> None:
    """At once, not after a minute."""
    with pytest.raises(EnrolmentRefused, match="nowhere"):
        link_seen_by(str(tmp_path / "nowhere.avi"))
