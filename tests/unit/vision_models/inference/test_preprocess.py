"""Pictures go into a network and boxes come back to where they were."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vision_models.errors import PictureUnusable
from vision_models.inference.preprocess import checked, letterboxed, normalised, read_picture


@settings(deadline=None, max_examples=40)
@given(st.integers(8, 700), st.integers(8, 700), st.integers(0, 2**31))
def test_boxes_find_back_to_the_picture(height: int, width: int, seed: int) -> None:
    """A box taken into the network's pixels and back is the box."""
    canvas, placed = letterboxed(np.zeros((height, width, 3), np.uint8), 320, 320, fill=114)
    assert canvas.shape == (320, 320, 3)
    x, y = np.sort(np.random.default_rng(seed).random((2, 2)), axis=1)
    box = np.array([[x[0] * width, y[0] * height, x[1] * width, y[1] * height]], np.float32)
    inside = box * placed.scale + [placed.left, placed.top, placed.left, placed.top]
    np.testing.assert_allclose(placed.to_picture(inside.astype(np.float32)), box, atol=0.05 / placed.scale)


def test_a_network_takes_rgb_of_zero_mean() -> None:
    """Blue, green, red in; red, green, blue out, and ImageNet's mean becomes zero."""
    mean_bgr = np.round(np.array([0.406, 0.456, 0.485]) * 255).astype(np.uint8)
    blob = normalised(np.broadcast_to(mean_bgr, (16, 16, 3)).copy())
    assert blob.shape == (1, 3, 16, 16)
    np.testing.assert_allclose(blob, 0, atol=0.01)


@pytest.mark.parametrize(
    "wrong", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3), np.float32), np.zeros((2, 9, 3), np.uint8), b"jpeg"]
)
def test_what_is_no_picture_is_refused(wrong: np.ndarray) -> None:
    """Grey, floating, tiny and not even an array: each gets an error that says what is wanted."""
    with pytest.raises(PictureUnusable, match="picture"):
        checked(wrong)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\xff\xd8\xff\xe0" + b"\0" * 40])
def test_a_corrupt_file_is_named(tmp_path: Path, content: bytes) -> None:
    """Empty, text and cut-off files are refused by name."""
    path = tmp_path / "broken.jpg"
    path.write_bytes(content)
    with pytest.raises(PictureUnusable, match=r"broken\.jpg"):
        read_picture(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """An absent file is refused by name."""
    with pytest.raises(PictureUnusable, match=r"absent\.jpg"):
        read_picture(tmp_path / "absent.jpg")
