"""Flaws on a part: how strange it looks beside the good parts the model was taught, and where."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vision_models.errors import BundleRejected, PictureUnusable
from vision_models.inference.arrays import Floats, Mask, Picture
from vision_models.inference.detections import Inspection, no_detections
from vision_models.inference.heatmap import regions, top_mean
from vision_models.inference.manifest import AS_RELEASED, Bundle, InputSpec, RunAs, read_bundle
from vision_models.inference.normality import Normality, calmed, joined, load_normality
from vision_models.inference.part_place import find_part
from vision_models.inference.preprocess import checked, letterboxed, normalised
from vision_models.inference.session import Graph, load_graph

STATISTICS = "normality.npz"
MARGIN_SHARE = 0.04


@dataclass(frozen=True)
class Verdicts:
    """How a map of strangeness becomes a verdict. score_limit, place_limit: of the whole part and of a single place;
    top_share: of places that make the score; smoothing: in places; border: places at the edge of the view that show no part;
    is_aligned: the part is found and laid upright first."""

    score_limit: float
    place_limit: float
    top_share: float
    smoothing: float
    border: int
    is_aligned: bool


@dataclass(frozen=True)
class View:
    """What the network sees of a picture: pixels (h, w, 3) and the affine map (2, 3) from the picture to them."""

    pixels: Picture
    from_picture: NDArray[np.float64]


@dataclass(frozen=True)
class DefectDetector:
    """The inspection model of one bundle."""

    model_id: str
    graph: Graph
    input: InputSpec
    normality: Normality
    verdicts: Verdicts

    @classmethod
    def load(cls, folder: Path, *trusted_keys: str, run_as: RunAs = AS_RELEASED) -> "DefectDetector":
        """The detector of a checked bundle. Raises BundleRejected."""
        bundle = read_bundle(folder, *trusted_keys)
        if STATISTICS not in bundle.contents:
            raise BundleRejected(f"{folder}: the manifest names no {STATISTICS}; this is not a bundle for finding defects")
        normality = load_normality(bundle.contents[STATISTICS], folder / STATISTICS)
        if normality.backbone not in {"", bundle.manifest.files[bundle.manifest.graph]}:
            raise BundleRejected(
                f"{folder / STATISTICS}: taught on another network than {bundle.manifest.graph}; teach it again"
            )
        return cls(
            model_id=bundle.manifest.model_id,
            graph=load_graph(bundle, ("fine", "coarse"), run_as),
            input=bundle.manifest.input,
            normality=normality,
            verdicts=_verdicts(bundle),
        )

    def inspect(self, image_bgr: Picture, mask: Mask | None = None) -> Inspection:
        """The verdict on the part in a picture (h, w, 3); places where `mask` (h, w) is false are left out.

        Raises PictureUnusable for what is no picture and, when the model aligns, for one without a whole part.
        """
        view = seen(image_bgr, self.input, self.verdicts.is_aligned)
        strange = self._strangeness(view)
        counted = None if mask is None else _shrunk(mask, view, strange.shape)
        score = top_mean(strange, self.verdicts.top_share, counted) / self.verdicts.score_limit
        height, width = image_bgr.shape[:2]
        over_picture = _over_picture(strange / np.float32(self.verdicts.place_limit), view, height, width)
        if mask is not None:
            over_picture = np.where(mask, over_picture, np.float32(0))
        # A verdict of defective always shows where: without a place above its own limit, the strangest one.
        limit = min(1.0, 0.8 * float(over_picture.max()))
        places = regions(over_picture, limit, smallest_area_px=9) if score > 1.0 else no_detections()
        p_value = self.normality.p_value(score * self.verdicts.score_limit)
        return Inspection(score=score, p_value=p_value, regions=places, map=over_picture)

    @property
    def taught_scores(self) -> Floats:
        """Of the parts it was taught, each as left out, 1 at the taught limit; empty for a bundle before 0.2."""
        return np.asarray(self.normality.taught_scores / self.verdicts.score_limit, dtype=np.float32)

    def limit_for(self, false_alarm_rate: float) -> float | None:
        """The score (1 at the taught limit) that this share of good parts reaches; None when nothing was learnt about it."""
        score = self.normality.score_at(false_alarm_rate)
        return None if score is None else score / self.verdicts.score_limit

    def _strangeness(self, view: View) -> Floats:
        taps = self.graph.run(normalised(view.pixels))
        strange = self.normality.strangeness(joined(taps["fine"], taps["coarse"]))
        return calmed(strange, self.verdicts.smoothing, self.verdicts.border)


def seen(picture: Picture, spec: InputSpec, is_aligned: bool) -> View:
    """What the network gets to see. Raises PictureUnusable."""
    if not is_aligned:
        canvas, placed = letterboxed(checked(picture), spec.height_px, spec.width_px, spec.fill)
        return View(canvas, np.array([[placed.scale, 0, placed.left], [0, placed.scale, placed.top]], dtype=np.float64))
    place = find_part(checked(picture))
    if place is None or not place.is_whole:
        raise PictureUnusable("no whole part in the picture: wait until it lies under the camera")
    upright = place.upright(spec.height_px, spec.width_px, MARGIN_SHARE)
    pixels = cv2.warpAffine(picture, upright, (spec.width_px, spec.height_px), borderMode=cv2.BORDER_REPLICATE)
    return View(pixels.astype(np.uint8, copy=False), upright)


def _shrunk(mask: Mask, view: View, shape: tuple[int, ...]) -> Mask:
    """A mask over the picture as a mask over the places of the map."""
    height, width = view.pixels.shape[:2]
    over_view = cv2.warpAffine(mask.astype(np.float32), view.from_picture, (width, height))
    return np.asarray(cv2.resize(over_view, shape[::-1], interpolation=cv2.INTER_AREA) > 0.5, dtype=np.bool_)


def _over_picture(strange: Floats, view: View, height: int, width: int) -> Floats:
    """A map over the view's places as a map over the picture, zero outside the view."""
    full = cv2.resize(strange, view.pixels.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(full, view.from_picture, (width, height), flags=flags).astype(np.float32)


def _verdicts(bundle: Bundle) -> Verdicts:
    settings = bundle.manifest.settings
    try:
        return Verdicts(
            score_limit=settings["score_limit"],
            place_limit=settings["place_limit"],
            top_share=settings["top_share"],
            smoothing=settings["smoothing"],
            border=int(settings["border"]),
            is_aligned=settings["is_aligned"] > 0,
        )
    except KeyError as error:
        raise BundleRejected(f"{bundle.folder}: settings lack {error}; this is not a bundle for finding defects") from error
