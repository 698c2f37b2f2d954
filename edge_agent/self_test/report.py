"""One bundle timed: what was chosen, and the table that led to it."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge_agent.errors import TaskNotBuilt
from edge_agent.self_test.choices import Chosen, manifest_sha256
from edge_agent.self_test.timing import Timed, fastest, timed
from edge_agent.task import ModelFolder
from vision_models.errors import BundleRejected
from vision_models.inference.manifest import AS_RELEASED


@dataclass(frozen=True)
class Tested:
    """lines: for a person."""

    chosen: Chosen
    lines: tuple[str, ...]


def tested(model: ModelFolder, cores: int, rounds: int) -> Tested:
    """Time a bundle and choose. Raises TaskNotBuilt when the bundle itself is not in order."""
    try:
        found = timed(model, cores, rounds)
        sha256 = manifest_sha256(model.folder)
    except (BundleRejected, OSError) as error:
        raise TaskNotBuilt(f"{model.folder}: {error}") from error
    best, released = fastest(found), next(one for one in found if one.run_as == AS_RELEASED)
    chosen = Chosen(
        folder=str(model.folder),
        manifest_sha256=sha256,
        variant=best.run_as.variant,
        threads=best.run_as.threads,
        milliseconds=round(best.milliseconds or 0.0, 2),
        as_released_ms=round(released.milliseconds or 0.0, 2),
    )
    return Tested(chosen, tuple(_lines(model, found, best)))


def _lines(model: ModelFolder, found: Sequence[Timed], best: Timed) -> list[str]:
    rows = [f"{model.folder.name}: milliseconds a picture"]
    for one in found:
        told = f"{one.milliseconds:9.1f}" if one.milliseconds is not None else f"out: {one.why}"
        mark = "  <- this one runs" if one.run_as == best.run_as else ""
        rows.append(f"  {one.run_as.variant:<8}{one.run_as.threads:>2} threads {told}{mark}")
    return rows
