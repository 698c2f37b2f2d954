"""Flat parts beside a perfect one of their kind: what is there too much, and what is missing.

The picture is laid over the template by phase correlation (sub-pixel), as a whole and then block by block. Both are split
into figure and ground by Otsu's grey limit (IEEE Trans. SMC 1979), and what differs by more than the tolerance at an edge
counts: material where the template has none within reach, and holes where it has. For printed boards, labels, stamped
sheets: what is flat and always the same.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision_models.errors import PictureUnusable
from vision_models.inference.arrays import Floats, Integers, Picture
from vision_models.inference.detections import Detections, no_detections, one_class
from vision_models.inference.preprocess import checked

Grey = NDArray[np.uint8]
_FARTHEST_SHIFT_SHARE = 0.05
_MOST_ROUNDS = 40
_BLOCKS_A_SIDE, _FARTHEST_BLOCK_SHIFT_PX = 8, 6.0


@dataclass(frozen=True)
class Tolerance:
    """edge_px: how far an edge may lie from the template's; smallest_area_px: of a difference, after that; joined_px:
    differences so near are one; smoothing_px: of grain, before the split."""

    edge_px: float = 2.0
    smallest_area_px: int = 8
    joined_px: int = 7
    smoothing_px: float = 0.8


def differences(picture: Picture, template: Picture, tolerance: Tolerance) -> Detections:
    """Where a picture (h, w, 3) differs from the template of the same size, largest first; scores say how deep, 0..1.

    Raises PictureUnusable for what is no picture or of another size.
    """
    if checked(picture).shape != checked(template).shape:
        raise PictureUnusable(f"a picture of shape {picture.shape} cannot be laid over a template of {template.shape}")
    wanted = _grey(template, tolerance.smoothing_px)
    found = locally_registered(registered(_grey(picture, tolerance.smoothing_px), wanted), wanted)
    level, _ = cv2.threshold(wanted, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    figure_wanted, figure_found = (np.asarray(grey > level, dtype=np.uint8) for grey in (wanted, found))
    depth = np.maximum(_beyond(figure_found, figure_wanted), _beyond(figure_wanted, figure_found))
    return _regions(depth, tolerance)


def registered(grey: Grey, template: Grey) -> Grey:
    """A picture laid over the template to a fraction of a pixel: shifted, then stretched and turned a little where that
    helps (Evangelidis and Psarakis, IEEE TPAMI 2008); as it is when they share no shift of some pixels."""
    window = cv2.createHanningWindow(grey.shape[::-1], cv2.CV_32F)
    (right, down), _ = cv2.phaseCorrelate(template.astype(np.float32), grey.astype(np.float32), window)
    if max(abs(right), abs(down)) > _FARTHEST_SHIFT_SHARE * min(grey.shape):
        return grey
    shift = np.array([[1, 0, right], [0, 1, down]], dtype=np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    laid = [
        np.asarray(
            cv2.warpAffine(grey, place, grey.shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8
        )
        for place in (shift, _refined(grey, template, shift), _refined(grey, template, np.eye(2, 3, dtype=np.float32)))
    ]
    return min((grey, *laid), key=lambda one: float(cv2.norm(one, template, cv2.NORM_L1)))


def locally_registered(grey: Grey, template: Grey) -> Grey:
    """A picture that lies over the template as a whole, shifted by a few pixels block by block: boards stretch.

    Each of the overlapping blocks is laid by phase correlation; the middle of the nine around counts, so that a flaw does
    not pull its block along. As it is when that fits no better.
    """
    rights, downs = _block_shifts(grey, template)
    height, width = grey.shape
    right, down = (cv2.resize(one, (width, height), interpolation=cv2.INTER_LINEAR) for one in (rights, downs))
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    laid = np.asarray(
        cv2.remap(grey, columns + right, rows + down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8
    )
    return min((grey, laid), key=lambda one: float(cv2.norm(one, template, cv2.NORM_L1)))


def _block_shifts(grey: Grey, template: Grey) -> tuple[Floats, Floats]:
    """Shift to the right and down (k, k) of each of the overlapping blocks, in pixels; none where it would be far."""
    shifts = np.zeros((_BLOCKS_A_SIDE, _BLOCKS_A_SIDE, 2), dtype=np.float32)
    high, wide = (max(2 * side // _BLOCKS_A_SIDE, 16) for side in grey.shape)
    window = cv2.createHanningWindow((wide, high), cv2.CV_32F)
    for row, column in np.ndindex(_BLOCKS_A_SIDE, _BLOCKS_A_SIDE):
        top = round((grey.shape[0] - high) * row / (_BLOCKS_A_SIDE - 1))
        left = round((grey.shape[1] - wide) * column / (_BLOCKS_A_SIDE - 1))
        wanted, found = (one[top : top + high, left : left + wide].astype(np.float32) for one in (template, grey))
        shift, _ = cv2.phaseCorrelate(wanted, found, window)
        if max(abs(shift[0]), abs(shift[1])) <= _FARTHEST_BLOCK_SHIFT_PX:
            shifts[row, column] = shift
    calm = [np.asarray(cv2.medianBlur(shifts[..., axis], 3), dtype=np.float32) for axis in (0, 1)]
    return calm[0], calm[1]


def _refined(grey: Grey, template: Grey, shift: Floats) -> Floats:
    """The affine map (2, 3) near a shift under which both correlate best; the shift when none is found."""
    enough = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _MOST_ROUNDS, 1e-5)
    try:
        _, fitted = cv2.findTransformECC(template, grey, shift.copy(), cv2.MOTION_AFFINE, enough)
    except cv2.error:  # it says so when the two do not correlate
        return shift
    return np.asarray(fitted, dtype=np.float32)


def _beyond(figure: Grey, reference: Grey) -> Floats:
    """Distance in pixels (h, w) of the figure's pixels from the reference, 0 where they agree."""
    away = cv2.distanceTransform(1 - reference, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(np.where(figure > 0, away, 0), dtype=np.float32)


def _regions(depth: Floats, tolerance: Tolerance) -> Detections:
    """Differences deeper than the tolerance, grown back to their edge and joined, as boxes."""
    deep = np.asarray(depth > tolerance.edge_px, dtype=np.uint8)
    side = 2 * tolerance.joined_px + 1
    joined = cv2.dilate(deep, np.ones((side, side), np.uint8))
    count, labels = cv2.connectedComponents(joined, connectivity=8)
    boxes, scores = [], []
    for label in range(1, count):
        rows, columns = np.nonzero((labels == label) & (depth > 0) & (deep > 0))
        if len(rows) >= tolerance.smallest_area_px:
            boxes.append(_grown(rows, columns, tolerance.edge_px, depth.shape))
            scores.append(min(1.0, float(depth[rows, columns].max()) / (4.0 * tolerance.edge_px)))
    if not boxes:
        return no_detections()
    order = np.argsort(-np.array(scores), kind="stable")
    return one_class(np.array(boxes, dtype=np.float32)[order], np.array(scores, dtype=np.float32)[order])


def _grown(rows: Integers, columns: Integers, by_px: float, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The box around pixels and the tolerance that was taken off, within the picture."""
    top, left = max(int(rows.min() - by_px), 0), max(int(columns.min() - by_px), 0)
    bottom, right = min(int(rows.max() + by_px) + 1, shape[0]), min(int(columns.max() + by_px) + 1, shape[1])
    return left, top, right, bottom


def _grey(picture: Picture, smoothing_px: float) -> Grey:
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), smoothing_px) if smoothing_px > 0 else grey, dtype=np.uint8)
