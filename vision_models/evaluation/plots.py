"""What a table does not show, as files: precision over recall, how honest scores are, and the worst mistakes.

The curves are SVG, since neither the centre nor a device has a plotting library; the mistakes are one JPEG, a contact sheet.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from vision_models.errors import PictureUnusable
from vision_models.evaluation.detection import Matched
from vision_models.evaluation.evaluate import Evaluation
from vision_models.inference.arrays import Floats, Picture
from vision_models.inference.preprocess import letterboxed, read_picture

_SIDE, _MARGIN, _BINS = 320, 44, 10
_TILE_PX, _COLUMNS, _WORST = 240, 4, 12
Points = Sequence[tuple[float, float]]


def precision_recall(seen: Sequence[Matched]) -> list[tuple[float, float]]:
    """(recall, precision) from the surest detection on down; none when nothing was found or there was nothing to find."""
    hits, order = _joined(seen)
    total = sum(one.true for one in seen)
    if not total or not len(hits):
        return []
    right = np.cumsum(hits[order])
    return list(zip((right / total).tolist(), (right / np.arange(1, len(right) + 1)).tolist(), strict=True))


def reliability(seen: Sequence[Matched]) -> list[tuple[float, float]]:
    """(mean score, share that was right) in ten bins of the score; an honest score lies on the diagonal."""
    hits, scores = _joined(seen)[0], np.concatenate([one.scores for one in seen])
    bins = np.clip((scores * _BINS).astype(int), 0, _BINS - 1)
    filled = [number for number in range(_BINS) if (bins == number).any()]
    return [(float(scores[bins == number].mean()), float(hits[bins == number].mean())) for number in filled]


def curve_svg(title: str, across: str, up: str, points: Points, has_diagonal: bool = False) -> str:
    """A curve over 0..1 by 0..1."""
    inner = _SIDE - 2 * _MARGIN
    path = " ".join(f"{_MARGIN + x * inner:.1f},{_SIDE - _MARGIN - y * inner:.1f}" for x, y in points)
    diagonal = f'<path d="M{_MARGIN} {_SIDE - _MARGIN}L{_SIDE - _MARGIN} {_MARGIN}" stroke="#bbb"/>' if has_diagonal else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIDE} {_SIDE}" font-family="sans-serif" font-size="11">'
        f'<rect width="{_SIDE}" height="{_SIDE}" fill="#fff"/><text x="{_MARGIN}" y="20">{title}</text>'
        f'<rect x="{_MARGIN}" y="{_MARGIN}" width="{inner}" height="{inner}" fill="none" stroke="#888"/>{diagonal}'
        f'<polyline points="{path}" fill="none" stroke="#1a5fb4" stroke-width="2"/>'
        f'<text x="{_MARGIN}" y="{_SIDE - 14}">{across}, 0 to 1</text>'
        f'<text transform="translate(18 {_SIDE - _MARGIN}) rotate(-90)">{up}, 0 to 1</text></svg>\n'
    )


def contact_sheet(evaluation: Evaluation, frames: Path) -> Picture | None:
    """The frames with the largest losses, worst first, each with its name and loss; None when nothing went wrong."""
    ranked = sorted(((loss, name) for losses in evaluation.losses.values() for name, loss in losses.items()), reverse=True)
    folder = frames / "images" if evaluation.kind == "shelf_count" else frames
    tiles = [_tile(folder / name, f"{loss:g}  {Path(name).name}") for loss, name in ranked[:_WORST] if loss > 0]
    if not tiles:
        return None
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % _COLUMNS)
    rows = [np.hstack(tiles[start : start + _COLUMNS]) for start in range(0, len(tiles), _COLUMNS)]
    return np.vstack(rows)


def write_plots(out: Path, evaluation: Evaluation, seen: Sequence[Matched], frames: Path) -> list[Path]:
    """Everything as files in `out`; which ones."""
    out.mkdir(parents=True, exist_ok=True)
    written = [out / "precision-recall.svg"]
    written[0].write_text(curve_svg(evaluation.model, "recall", "precision", precision_recall(seen)))
    if evaluation.kind == "shelf_count":  # the score of a part is a distance, not a chance
        written.append(out / "reliability.svg")
        written[-1].write_text(curve_svg(evaluation.model, "score", "share right", reliability(seen), has_diagonal=True))
    sheet = contact_sheet(evaluation, frames)
    if sheet is not None:
        written.append(out / "worst.jpg")
        cv2.imwrite(str(written[-1]), sheet)
    return written


def _joined(seen: Sequence[Matched]) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.intp]]]:
    scores, hits = np.concatenate([one.scores for one in seen]), np.concatenate([one.hits for one in seen])
    return hits, np.argsort(-scores, kind="stable")


def _tile(path: Path, told: str) -> Picture:
    try:
        shown = letterboxed(read_picture(path), _TILE_PX, _TILE_PX, 255)[0]
    except PictureUnusable:
        shown = np.full((_TILE_PX, _TILE_PX, 3), 255, dtype=np.uint8)
    cv2.rectangle(shown, (0, _TILE_PX - 18), (_TILE_PX, _TILE_PX), (255, 255, 255), -1)
    cv2.putText(shown, told[:36], (4, _TILE_PX - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (0, 0, 0), 1, cv2.LINE_AA)
    return shown
