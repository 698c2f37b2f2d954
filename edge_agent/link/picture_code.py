"""The device's own camera reads the link of its claim off a screen, so that nobody has to type it."""

import time
from pathlib import Path

import cv2

from edge_agent.errors import EnrolmentRefused

LOOK_FOR_S = 60.0
MARK = "/enrol#"


def link_seen_by(camera: str, look_for_s: float = LOOK_FOR_S) -> str:
    """The link in the first picture code of a claim. camera: a number, a stream's address or a picture's file.

    Raises EnrolmentRefused when none is seen in time.
    """
    if Path(camera).is_file():
        picture = cv2.imread(camera)
        found = None if picture is None else _link_in(picture)
    else:
        found = _watched(camera, look_for_s)
    if found is None:
        raise EnrolmentRefused(f"camera {camera}: no picture code of a claim was seen; hold it closer, or type the code")
    return found


def _watched(camera: str, look_for_s: float) -> str | None:
    capture = cv2.VideoCapture(int(camera)) if camera.isdecimal() else cv2.VideoCapture(camera)
    deadline_s = time.monotonic() + look_for_s
    try:
        while capture.isOpened() and time.monotonic() < deadline_s:
            is_there, picture = capture.read()
            if is_there and (found := _link_in(picture)):
                return found
    finally:
        capture.release()
    return None


def _link_in(picture: cv2.typing.MatLike) -> str | None:
    text, _, _ = cv2.QRCodeDetector().detectAndDecode(picture)
    return text if MARK in text else None
