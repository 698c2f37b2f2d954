"""What a model says about one picture: values that travel, checked when made."""

from dataclasses import dataclass

import numpy as np

from vision_models.inference.arrays import Floats, Integers, Mask


@dataclass(frozen=True)
class Detections:
    """n detections in one picture. boxes_px: (n, 4) float32 x1 y1 x2 y2; scores: (n,) in 0..1; classes: (n,) int.

    Raises ValueError when the three do not agree or a box is turned inside out.
    """

    boxes_px: Floats
    scores: Floats
    classes: Integers

    def __post_init__(self) -> None:
        if not len(self.boxes_px) == len(self.scores) == len(self.classes):
            raise ValueError(
                f"{len(self.boxes_px)} boxes, {len(self.scores)} scores, {len(self.classes)} classes: must agree"
            )
        if self.boxes_px.ndim != 2 or self.boxes_px.shape[1] != 4:
            raise ValueError(f"boxes have shape {self.boxes_px.shape}, not (n, 4)")
        if (self.boxes_px[:, 2:] < self.boxes_px[:, :2]).any():
            raise ValueError("a box ends before it begins: x1 y1 x2 y2 wanted")

    def __len__(self) -> int:
        return len(self.scores)

    def where(self, chosen: Mask) -> "Detections":
        """The detections for which `chosen` (n,) is true."""
        return Detections(self.boxes_px[chosen], self.scores[chosen], self.classes[chosen])


def no_detections() -> Detections:
    """Nothing was found."""
    return one_class(np.zeros((0, 4), dtype=np.float32), np.zeros(0, dtype=np.float32))


def one_class(boxes_px: Floats, scores: Floats) -> Detections:
    """Detections of a model that knows a single class."""
    return Detections(boxes_px.astype(np.float32), scores.astype(np.float32), np.zeros(len(scores), dtype=np.int64))


@dataclass(frozen=True)
class Inspection:
    """A verdict on one part. score: 1 at the taught limit, higher is stranger; p_value: share of good parts expected to
    score at least this, None when too few were taught to say; regions: where it is strange, in pixels of the picture, with
    their scores clipped to 0..1; map: (h, w) float32 strangeness of each place, in units of the limit, over the picture."""

    score: float
    p_value: float | None
    regions: Detections
    map: Floats

    @property
    def is_defective(self) -> bool:
        """True above the taught limit."""
        return self.score > 1.0
