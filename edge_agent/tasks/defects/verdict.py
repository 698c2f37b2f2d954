"""From an inspection to pass, review or fail, and its message."""

from typing import Literal

from edge_agent.tasks.defects.lines import Lines
from edge_agent.tasks.defects.settings import Settings
from protocols.messages.defect import Defect, DefectRegion
from vision_models.inference.detections import Detections, Inspection

Verdict = Literal["pass", "review", "fail"]
MOST_REGIONS = 50


def verdict(score: float, drawn: Lines) -> Verdict:
    """A part fails above its line; the band below it is left to a person."""
    if score > drawn.fail:
        return "fail"
    return "review" if score > drawn.review else "pass"


def defect(
    inspection: Inspection, settings: Settings, drawn: Lines, camera: str, sides_px: tuple[int, int], inspected: int = 1
) -> Defect | None:
    """The message about a part (seen `sides_px` wide and high), None when it passes. inspected: parts since the last."""
    judged = verdict(inspection.score, drawn)
    if judged == "pass":
        return None
    return Defect(
        camera=camera,
        line=settings.line or camera,
        verdict=judged,
        score=round(max(0.0, inspection.score), 4),
        threshold=round(drawn.fail, 4),
        regions=_regions(inspection.regions, *sides_px),
        p_value=inspection.p_value,
        supplier=settings.supplier,
        lot=settings.lot,
        inspected=inspected,
    )


def _regions(found: Detections, width_px: int, height_px: int) -> list[DefectRegion]:
    sides = (width_px, height_px, width_px, height_px)
    return [
        DefectRegion(box=_fractions(box, sides), score=round(max(0.0, float(score)), 4))
        for box, score in zip(found.boxes_px.tolist(), found.scores, strict=True)
    ][:MOST_REGIONS]


def _fractions(box_px: list[float], sides: tuple[int, int, int, int]) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (round(min(max(value / side, 0.0), 1.0), 5) for value, side in zip(box_px, sides, strict=True))
    return x1, y1, x2, y2
