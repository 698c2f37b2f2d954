"""Codes in view, read by OpenCV: EAN and UPC bars, and QR. A code that is read is the truth about a product."""

from collections.abc import Iterable, Mapping

import cv2

from vision_models.inference.arrays import Picture
from vision_models.inference.preprocess import checked

_GTIN_LENGTHS = frozenset({8, 12, 13, 14})
_CHECK_BASE = 10


def codes_in(picture: Picture) -> tuple[str, ...]:
    """The texts of all codes in a picture (h, w, 3), in order, each once; bars only with a right check digit.

    Raises PictureUnusable.
    """
    grey = cv2.cvtColor(checked(picture), cv2.COLOR_BGR2GRAY)
    bars = [text for text in _bars(grey) if is_gtin(text)]
    return tuple(dict.fromkeys([*bars, *_squares(grey)]))


def is_gtin(text: str) -> bool:
    """An EAN, UPC or GTIN whose last digit is the check digit of the others (GS1 General Specifications, 7.9)."""
    if len(text) not in _GTIN_LENGTHS or not (text.isascii() and text.isdigit()):
        return False
    *digits, check = (int(digit) for digit in text)
    total = sum(digit * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return (_CHECK_BASE - total % _CHECK_BASE) % _CHECK_BASE == check


def sku_of(codes: Iterable[str], skus: Mapping[str, str]) -> str | None:
    """The SKU of the codes, by a table from code to SKU; None when none is in it, or they name different ones.

    A UPC of twelve digits is the EAN of thirteen that begins with 0.
    """
    named = {skus[form] for code in codes for form in (code, f"0{code}", code.removeprefix("0")) if form in skus}
    return named.pop() if len(named) == 1 else None


def _bars(grey: cv2.typing.MatLike) -> list[str]:
    _, texts, _, _ = cv2.barcode.BarcodeDetector().detectAndDecodeWithType(grey)
    return [text for text in texts if text]


def _squares(grey: cv2.typing.MatLike) -> list[str]:
    _, texts, _, _ = cv2.QRCodeDetector().detectAndDecodeMulti(grey)
    return [text for text in texts if text]
