"""A site's own goods from a handful of its labelled frames: a released counting model whose head is taught once more.

What the detector learnt of cartons does not carry to bags or bottles, but the features under it do. So the backbone stays as
it is and the pyramid and towers learn from varied views of the frames, a minute or two of CPU; the model stays the same file
in the same form. The score above which a detection counts is then chosen by leaving each frame out once: a detector taught
from the others says what it would find in a frame that it has not seen. Five frames fit one limit, not a rule by size.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
import torch

from vision_models.errors import DataMissing
from vision_models.inference.boxes import CountRule
from vision_models.inference.manifest import InputSpec, Manifest, read_bundle
from vision_models.inference.session import graph_file
from vision_models.training.count_rule import Counted, fitted_limit, limit_error
from vision_models.training.datasets import LabelledPicture
from vision_models.training.export import export_graph
from vision_models.training.graph_weights import net_of
from vision_models.training.net import Deployed
from vision_models.training.release import Draft, write_draft
from vision_models.training.rule_course import candidates_of, rule_settings
from vision_models.training.shelf import Recipe, steps_on

log = structlog.get_logger(__name__)
_LEAST_FRAMES = 2
_OVERLAPS = (0.45, 0.35, 0.6)


@dataclass(frozen=True)
class SiteLesson:
    """How a site is learnt. cpu_s: of the model that is kept; each of the models that leave a frame out gets as much;
    side_px: of the picture that the site's model will see, whatever the one it comes from sees."""

    cpu_s: float = 100.0
    side_px: int = 416
    batch: int = 4
    rate: float = 1.5e-3
    seed: int = 0


def calibrate(
    bundle: Path,
    frames: Sequence[LabelledPicture],
    lesson: SiteLesson,
    out: Path,
    *trusted_keys: str,
    spent_cpu_s: Callable[[], float] = time.process_time,
) -> Draft:
    """A draft in `out` of the bundle's model for the site of these frames. Raises BundleRejected, DataMissing."""
    if len(frames) < _LEAST_FRAMES or not any(len(frame.boxes_px) for frame in frames):
        raise DataMissing(f"{len(frames)} labelled frames: label at least {_LEAST_FRAMES}, five are better, with boxes")
    manifest = read_bundle(bundle, *trusted_keys).manifest
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    spec = InputSpec(lesson.side_px, lesson.side_px, manifest.input.fill)
    source, graph = bundle / manifest.graph, out / manifest.graph
    counted: dict[float, list[Counted]] = {overlap: [] for overlap in _OVERLAPS}
    for left_out, frame in enumerate(frames):
        others = [*frames[:left_out], *frames[left_out + 1 :]]
        _teach_and_export(source, spec, others, lesson, graph, spent_cpu_s)
        for overlap, some in counted.items():
            some.extend(candidates_of(graph_file(graph), spec, {"site": [frame]}, overlap))
        log.info("left out", frame=left_out + 1, of=len(frames))
    _teach_and_export(source, spec, frames, lesson, graph, spent_cpu_s)
    draft = _site_draft(manifest, spec, counted)
    write_draft(out, draft)
    return draft


def _site_draft(manifest: Manifest, spec: InputSpec, counted: Mapping[float, Sequence[Counted]]) -> Draft:
    """What is kept of the bundle it comes from, and the overlap and limit that erred least on the frames left out."""
    fits = {overlap: fitted_limit(some) for overlap, some in counted.items()}
    errors = {overlap: limit_error(some, fits[overlap]) for overlap, some in counted.items()}
    overlap = min(errors, key=lambda one: errors[one])
    log.info("fitted", overlap=overlap, limit=fits[overlap], left_out_error=round(errors[overlap], 2))
    rule = CountRule(fits[overlap], 0.0, fits[overlap], fits[overlap])
    return Draft(
        name=f"{manifest.name}-site",
        version=manifest.version,
        graph=manifest.graph,
        other_files=(),
        input=spec,
        settings={**manifest.settings, **rule_settings(rule), "largest_overlap": overlap},
        licence=manifest.licence,
        credits=manifest.credits,
    )


def _teach_and_export(
    source: Path,
    spec: InputSpec,
    frames: Sequence[LabelledPicture],
    lesson: SiteLesson,
    graph: Path,
    spent_cpu_s: Callable[[], float],
) -> None:
    net = net_of(source, spec.height_px)
    net.backbone.requires_grad_(False)
    recipe = Recipe(
        side_px=spec.height_px,
        budget_cpu_s=lesson.cpu_s,
        batch=lesson.batch,
        head_rate=lesson.rate,
        warm_up_steps=10,
        mean_decay=0.97,
        mosaic_until=0.8,
        seed=lesson.seed,
    )
    export_graph(Deployed(steps_on(net, recipe, list(frames), spent_cpu_s)), graph, spec, ("scores", "boxes"))
