"""A counting model in 8 bits; needs onnx and its quantiser, which the training environment alone has."""

from pathlib import Path

import pytest

pytest.importorskip("onnx", reason="onnx lives in the training environment only")

import vision_models  # noqa: E402
from vision_models.inference.session import golden_picture  # noqa: E402
from vision_models.training.quantise import quantised  # noqa: E402
from vision_models.training.release import read_draft  # noqa: E402

BUNDLE = Path(vision_models.__path__[0]) / "weights" / "shelf"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_eight_bits_take_a_third_and_count_alike(tmp_path: Path) -> None:
    """The draft says that it is another version; on what set its ranges its counts are the full graph's."""
    picture = golden_picture()
    parity = quantised(BUNDLE, [picture, picture, picture[:, ::-1], picture[:, ::-1]], tmp_path)
    assert parity.bytes_after < 0.6 * parity.bytes_before
    assert parity.share <= 0.1
    assert read_draft(tmp_path).version.endswith("-int8")
