"""A counting model in 8 bits; needs onnx and its quantiser, which the training environment alone has."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx", reason="onnx lives in the training environment only")

import vision_models
from firmware_sim.render.picture_set import shelf_pictures
from vision_models.errors import ReleaseImpossible
from vision_models.training.quantise import quantised
from vision_models.training.release import DRAFT, read_draft

BUNDLE = Path(vision_models.__path__[0]) / "weights" / "shelf"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_eight_bits_take_a_third_and_count_alike(tmp_path: Path) -> None:
    """On shelves such as it was taught the counts are the full graph's; the draft says that it is another version."""
    pictures = [shown.picture for shown in islice(shelf_pictures(4_000_000, 12), 12)]
    parity = quantised(BUNDLE, pictures, tmp_path)
    assert parity.bytes_after < 0.7 * parity.bytes_before  # the largest weights are bytes already
    assert parity.share <= 0.1
    assert read_draft(tmp_path).version.endswith("-int8")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_no_draft_is_left_when_counts_change(tmp_path: Path) -> None:
    """Ranges read in the dark do not serve a shelf, and the error says what would."""
    shown = [shelf.picture for shelf in islice(shelf_pictures(4_000_000, 4), 4)]
    nothing = np.zeros_like(shown[0])
    with pytest.raises(ReleaseImpossible, match="give more pictures"):
        quantised(BUNDLE, [picture for shelf in shown for picture in (nothing, shelf)], tmp_path)
    assert not (tmp_path / DRAFT).exists()
