"""Times a bundle's network in every form and on one to four threads, in turn, and picks the fastest that is right.

Wall time, since that is what a line waits for; medians, since a machine has other work. What does not give the golden
answer within its tolerance is out. A gain below a tenth is noise: then the released form on one thread stays, which leaves
the other cores to other tasks.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from edge_agent.task import ModelFolder
from vision_models.errors import BundleRejected
from vision_models.inference.arrays import Floats
from vision_models.inference.manifest import AS_RELEASED, Bundle, RunAs, read_bundle
from vision_models.inference.session import Graph, golden_blob, load_graph

MOST_THREADS, WORTH_IT = 4, 0.9


@dataclass(frozen=True)
class Timed:
    """One form on so many threads: milliseconds a picture, or why it is out."""

    run_as: RunAs
    milliseconds: float | None
    why: str | None = None


def timed(model: ModelFolder, cores: int, rounds: int) -> list[Timed]:
    """Every form and number of threads of the model in a folder. Raises BundleRejected when the released form is wrong."""
    bundle = read_bundle(model.folder, *model.trusted_keys)
    load_graph(bundle, bundle.manifest.golden.outputs)
    graphs: dict[RunAs, Graph] = {}
    out: list[Timed] = []
    for way in _ways(bundle, cores):
        try:
            graphs[way] = load_graph(bundle, bundle.manifest.golden.outputs, way)
        except BundleRejected as error:
            out.append(Timed(way, None, str(error)))
    return [*_raced(graphs, golden_blob(bundle.manifest.input), rounds), *out]


def fastest(found: Sequence[Timed]) -> Timed:
    """What to run: the fastest, unless the released form on one thread is nearly as fast."""
    right = {one.run_as: one.milliseconds for one in found if one.milliseconds is not None}
    best = min(right, key=lambda way: right[way])
    chosen = best if right[best] < WORTH_IT * right[AS_RELEASED] else AS_RELEASED
    return Timed(chosen, right[chosen])


def _ways(bundle: Bundle, cores: int) -> Iterator[RunAs]:
    for variant in (AS_RELEASED.variant, *bundle.manifest.graphs):
        for threads in range(1, min(max(cores, 1), MOST_THREADS) + 1):
            yield RunAs(variant, threads)


def _raced(graphs: dict[RunAs, Graph], blob: Floats, rounds: int) -> list[Timed]:
    """Medians over rounds in which each runs once, so that what else the machine does meets all of them."""
    times: dict[RunAs, list[float]] = {way: [] for way in graphs}
    for _ in range(rounds):
        for way, graph in graphs.items():
            began_s = time.perf_counter()
            graph.run(blob)
            times[way].append((time.perf_counter() - began_s) * 1000)
    return [Timed(way, median(each)) for way, each in times.items()]
