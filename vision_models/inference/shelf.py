"""Cartons on a shelf or pallet: where each one is, and so how many there are."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vision_models.errors import BundleRejected
from vision_models.inference.arrays import Floats, Picture
from vision_models.inference.boxes import CountRule, suppressed
from vision_models.inference.detections import Detections, one_class
from vision_models.inference.manifest import AS_RELEASED, Bundle, InputSpec, RunAs, read_bundle
from vision_models.inference.preprocess import checked, letterboxed, normalised
from vision_models.inference.session import Graph, load_graph
from vision_models.inference.tiles import Tile, tiles_of

_LEAST_SCORE, _MOST_BOXES, _MOST_CANDIDATES = 0.05, 300, 1000


@dataclass(frozen=True)
class ShelfDetector:
    """The counting model of one bundle. `count_rule`, `largest_overlap` and `tiles` come from its manifest; tiles: how many
    parts the longer side is looked at in, besides the whole picture; 1, the whole alone, unless the manifest says more."""

    model_id: str
    graph: Graph
    input: InputSpec
    count_rule: CountRule
    largest_overlap: float
    tiles: int = 1

    @classmethod
    def load(cls, folder: Path, *trusted_keys: str, run_as: RunAs = AS_RELEASED) -> "ShelfDetector":
        """The detector of a checked bundle. Raises BundleRejected."""
        bundle = read_bundle(folder, *trusted_keys)
        return cls(
            model_id=bundle.manifest.model_id,
            count_rule=_count_rule(bundle),
            graph=load_graph(bundle, ("scores", "boxes"), run_as),
            input=bundle.manifest.input,
            largest_overlap=bundle.manifest.settings.get("largest_overlap", 0.6),
            tiles=max(int(bundle.manifest.settings.get("tiles", 1)), 1),
        )

    def detect(self, image_bgr: Picture) -> Detections:
        """The cartons that count, best first; boxes in pixels of the picture (h, w, 3). Raises PictureUnusable."""
        found = self.candidates(image_bgr)
        area_px = float(image_bgr.shape[0] * image_bgr.shape[1])
        return found.where(self.count_rule.counts(found.boxes_px, found.scores, area_px))

    def candidates(self, image_bgr: Picture) -> Detections:
        """Everything above a score of 0.05, before the count rule: what evaluation looks at."""
        height_px, width_px = checked(image_bgr).shape[:2]
        found = [self._in_tile(image_bgr, tile) for tile in tiles_of(height_px, width_px, self.tiles)]
        boxes, scores = (np.concatenate(parts) for parts in zip(*found, strict=True))
        kept = suppressed(boxes, scores, self.largest_overlap, _MOST_BOXES)
        return one_class(boxes[kept], scores[kept])

    def _in_tile(self, image_bgr: Picture, tile: Tile) -> tuple[Floats, Floats]:
        """Boxes (n, 4) in pixels of the picture and scores (n,) found in a part of it, the best thousand."""
        part = checked(tile.cut(image_bgr))
        canvas, placed = letterboxed(part, self.input.height_px, self.input.width_px, self.input.fill)
        outputs = self.graph.run(normalised(canvas))
        boxes, scores = outputs["boxes"][0], outputs["scores"][0]
        best = np.argsort(-scores, kind="stable")[:_MOST_CANDIDATES]
        best = best[scores[best] > _LEAST_SCORE]
        boxes, scores = placed.to_picture(boxes[best]), scores[best]
        whole = tile.whole(boxes)
        return tile.placed(boxes[whole]), scores[whole]


def _count_rule(bundle: Bundle) -> CountRule:
    settings = bundle.manifest.settings
    try:
        return CountRule(*(settings[f"count_{name}"] for name in ("base", "slope", "lowest", "highest")))
    except KeyError as error:
        raise BundleRejected(f"{bundle.folder}: settings lack {error}; this is not a bundle for counting shelves") from error
