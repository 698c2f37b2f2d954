"""One ONNX graph on the CPU, and the check that it computes here what it computed where it was released."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import onnxruntime as ort

from vision_models.errors import BundleRejected
from vision_models.inference.arrays import Floats, Picture
from vision_models.inference.manifest import AS_RELEASED, Bundle, Golden, InputSpec, RunAs, Variant
from vision_models.inference.preprocess import letterboxed, normalised

GOLDEN_SAMPLES = 24
_GOLDEN_HEIGHT_PX, _GOLDEN_WIDTH_PX = 180, 260


def session_options(threads: int) -> ort.SessionOptions:
    """How graphs are run: threads that do not spin while they wait, so that they share a small machine, and no arena, which
    would keep what the largest picture ever needed."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


class Graph:
    """A network ready to run."""

    def __init__(self, content: bytes, origin: Path, threads: int = 1) -> None:
        """Raises BundleRejected naming `origin` when the bytes are no network."""
        try:
            self._session = ort.InferenceSession(content, session_options(threads), providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime has no base class of its own for what a broken file raises
            raise BundleRejected(f"{origin}: ONNX Runtime cannot load it ({error}); fetch or export it again") from error
        self._input = self._session.get_inputs()[0].name
        self._outputs = [output.name for output in self._session.get_outputs()]

    def run(self, blob: Floats) -> dict[str, Floats]:
        """The outputs by name for a batch (1, 3, h, w)."""
        return dict(zip(self._outputs, self._session.run(self._outputs, {self._input: blob}), strict=True))


def graph_file(path: Path) -> Graph:
    """The graph in a file that no manifest vouches for, as training leaves it. Raises BundleRejected."""
    try:
        return Graph(path.read_bytes(), path)
    except OSError as error:
        raise BundleRejected(f"{path}: cannot be read ({error.strerror}); train the model first") from error


def load_graph(bundle: Bundle, wanted: Collection[str], run_as: RunAs = AS_RELEASED) -> Graph:
    """The graph of a bundle, after it gave the golden answer for each of the wanted outputs. Raises BundleRejected."""
    manifest, folder, golden = bundle.manifest, bundle.folder, bundle.manifest.golden
    if not set(wanted) <= golden.outputs.keys():
        raise BundleRejected(
            f"{folder}: its golden answer names {sorted(golden.outputs)}, not {sorted(wanted)}; another task's bundle"
        )
    form = _variant(bundle, run_as)
    graph = Graph(bundle.contents[form.graph], folder / form.graph, run_as.threads)
    blob = golden_blob(manifest.input)
    _compare(folder, "preprocessing", samples(blob), golden.preprocessed, golden.tolerance)
    outputs = _first_outputs(graph, blob, folder / form.graph)
    for name, expected in golden.outputs.items():
        if name not in outputs:
            raise BundleRejected(f"{folder / form.graph}: has no output {name!r}; the manifest belongs to another graph")
        _compare(folder, f"output {name}", samples(outputs[name]), expected, form.tolerance)
    return graph


def _variant(bundle: Bundle, run_as: RunAs) -> Variant:
    """The form of the network to run. Raises BundleRejected for one that the bundle does not have."""
    known = {AS_RELEASED.variant: Variant(bundle.manifest.graph, bundle.manifest.golden.tolerance), **bundle.manifest.graphs}
    if run_as.variant not in known:
        raise BundleRejected(
            f"{bundle.folder}: has no {run_as.variant!r} but {sorted(known)}; run `tallyhouse-edge self-test` again"
        )
    return known[run_as.variant]


def _first_outputs(graph: Graph, blob: Floats, origin: Path) -> dict[str, Floats]:
    """What the graph gives for its first picture. Raises BundleRejected when it does not take one of this size."""
    try:
        return graph.run(blob)
    except Exception as error:  # as above: no base class of its own
        raise BundleRejected(f"{origin}: cannot run on {blob.shape} ({error}); release it with its own manifest") from error


def golden_blob(spec: InputSpec) -> Floats:
    """The golden picture, preprocessed for this input."""
    canvas, _ = letterboxed(golden_picture(), spec.height_px, spec.width_px, spec.fill)
    return normalised(canvas)


def golden_picture() -> Picture:
    """A picture made by arithmetic alone, the same on every machine: a few bright boxes on a slanted gradient."""
    y, x = np.mgrid[0:_GOLDEN_HEIGHT_PX, 0:_GOLDEN_WIDTH_PX]
    picture = np.stack([(x + y) % 256, (2 * y + 40) % 256, (x // 2 + 60) % 256], axis=2).astype(np.uint8)
    for left in range(12, _GOLDEN_WIDTH_PX - 60, 66):
        picture[90:150, left : left + 56] = (90, 140, 190)
        picture[90:150, left + 25 : left + 31] = (150, 180, 200)
    return picture


def samples(values: Floats) -> tuple[float, ...]:
    """Values at evenly spread places of an array, whatever its shape."""
    flat = values.ravel()
    return tuple(float(value) for value in flat[np.linspace(0, len(flat) - 1, GOLDEN_SAMPLES).astype(int)])


def golden_answer(graph: Graph, blob: Floats, tolerance: float) -> Golden:
    """What a release writes into its manifest."""
    return Golden(samples(blob), {name: samples(values) for name, values in graph.run(blob).items()}, tolerance)


def _compare(folder: Path, what: str, found: tuple[float, ...], expected: tuple[float, ...], tolerance: float) -> None:
    """Raises BundleRejected unless both agree within the tolerance."""
    if len(found) != len(expected) or not np.allclose(found, expected, rtol=tolerance, atol=tolerance):
        worst = float(np.max(np.abs(np.subtract(found, expected)))) if len(found) == len(expected) else float("inf")
        raise BundleRejected(
            f"{folder}: {what} of the golden picture is off by {worst:.4g} (allowed {tolerance:g}); "
            "this machine computes another model than was released: update ONNX Runtime and OpenCV, or roll back"
        )
