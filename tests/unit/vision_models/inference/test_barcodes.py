"""Codes in view are read, and believed only when they are sound and of one product."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision_models.inference.arrays import Picture
from vision_models.inference.barcodes import codes_in, is_gtin, sku_of

LEFT = ("0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011")
PARITY = ("000000", "001011", "001101", "001110", "010011", "011001", "011100", "010101", "010110", "011010")
EAN = "4006381333931"


def drawn(ean: str) -> Picture:
    """EAN-13 bars on white: odd and even patterns after the first digit (GS1 General Specifications, 5.2)."""
    bits = "101"
    for digit, parity in zip(ean[1:7], PARITY[int(ean[0])], strict=True):
        odd = LEFT[int(digit)]
        bits += odd if parity == "0" else "".join("10"[int(bit)] for bit in odd)[::-1]
    bits += "01010" + "".join("".join("10"[int(bit)] for bit in LEFT[int(digit)]) for digit in ean[7:]) + "101"
    bars = np.array([0 if bit == "1" else 255 for bit in bits], dtype=np.uint8)
    code = np.repeat(np.repeat(bars[None], 160, axis=0), 4, axis=1)
    grey = cv2.copyMakeBorder(code, 60, 60, 60, 60, cv2.BORDER_CONSTANT, value=(255,))
    lens = cv2.GaussianBlur(grey, (0, 0), 1)  # edges as sharp as drawn are nowhere in a camera's picture
    return cv2.cvtColor(lens, cv2.COLOR_GRAY2BGR).astype(np.uint8)


def test_bars_in_a_picture_are_read() -> None:
    """Drawn by the book, read by OpenCV."""
    assert codes_in(drawn(EAN)) == (EAN,)


def test_a_qr_code_in_a_picture_is_read() -> None:
    """Whatever its text is."""
    grey = cv2.QRCodeEncoder.create().encode("tea-0815")
    grey = cv2.copyMakeBorder(
        cv2.resize(grey, None, fx=8, fy=8, interpolation=cv2.INTER_NEAREST), 40, 40, 40, 40, 0, value=(255,)
    )
    assert codes_in(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR).astype(np.uint8)) == ("tea-0815",)


def test_a_picture_without_codes_has_none() -> None:
    """Grain is no code."""
    assert codes_in(np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)) == ()


@given(st.integers(0, 10**12 - 1), st.integers(0, 12), st.integers(1, 9))
def test_one_wrong_digit_is_never_a_code(number: int, place: int, by: int) -> None:
    """The check digit is made for it."""
    digits = f"{number:012d}"
    ean = next(digits + str(check) for check in range(10) if is_gtin(digits + str(check)))
    wrong = ean[:place] + str((int(ean[place]) + by) % 10) + ean[place + 1 :]
    assert not is_gtin(wrong)


@pytest.mark.parametrize("text", ["", "123", "40063813339３1", "400638133393x", "4006381333931 "])
def test_what_is_no_number_is_no_gtin(text: str) -> None:
    """Neither letters nor digits of other scripts."""
    assert not is_gtin(text)


def test_codes_are_truth_only_when_they_agree() -> None:
    """Two products in view, or a code nobody listed, say nothing; a UPC is an EAN with a zero before it."""
    skus = {EAN: "tea", "0012345678905": "rice"}
    assert sku_of((EAN, "unlisted"), skus) == "tea"
    assert sku_of(("012345678905",), skus) == "rice"
    assert sku_of((EAN, "012345678905"), skus) is None
    assert sku_of((), skus) is None
