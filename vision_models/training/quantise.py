"""A counting model in 8 bits: a third of the size; on x86 without VNNI no faster, so for devices short of room.

Weights are unsigned as the activations are: with signed ones the products saturate on processors without VNNI, which cost
0.02 to 0.04 of average precision. Only convolutions change, and not those of the towers, which order cartons by score and
place their sides. Scores shift a little, so the parity of counts is checked here and the rule should be fitted again to the
graph that ships (`train rule`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from vision_models.errors import ReleaseImpossible
from vision_models.inference.arrays import Floats, Picture
from vision_models.inference.boxes import CountRule
from vision_models.inference.manifest import InputSpec
from vision_models.inference.preprocess import letterboxed, normalised
from vision_models.inference.session import graph_file
from vision_models.inference.shelf import ShelfDetector
from vision_models.training.graph_file import save_graph
from vision_models.training.release import Draft, read_draft, write_draft

_LARGEST_SHARE = 0.1


@dataclass(frozen=True)
class Parity:
    """How counts of the 8-bit graph differ from the other's: the sum of differences as a share of all things counted, and
    the largest in one picture; sizes in bytes."""

    share: float
    largest_difference: int
    bytes_before: int
    bytes_after: int


class _Shown(CalibrationDataReader):
    """The pictures that ranges of activations are read from."""

    def __init__(self, pictures: Sequence[Picture], spec: InputSpec) -> None:
        self._blobs: Iterator[Floats] = (_blob(picture, spec) for picture in pictures)

    def get_next(self) -> dict[str, Floats] | None:
        """The next input, None after the last."""
        blob = next(self._blobs, None)
        return None if blob is None else {"pictures": blob}


def quantised(taught: Path, pictures: Sequence[Picture], out: Path) -> Parity:
    """A draft in `out` with the graph of the draft in `taught` in 8 bits. pictures: 40 to 60 as the device will see, of
    which every second one sets ranges and the others check. Raises ReleaseImpossible when counts differ too much."""
    draft = read_draft(taught)
    out.mkdir(parents=True, exist_ok=True)
    source, target = taught / draft.graph, out / draft.graph
    with TemporaryDirectory() as scratch:
        prepared, raw = Path(scratch) / "prepared.onnx", Path(scratch) / "raw.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            str(prepared),
            str(raw),
            _Shown(pictures[::2], draft.input),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QUInt8,
            op_types_to_quantize=["Conv"],
            nodes_to_exclude=_towers(prepared),
        )
        save_graph(onnx.load(str(raw)), target)
    parity = _parity(draft, source, target, pictures[1::2])
    if parity.share > _LARGEST_SHARE:
        raise ReleaseImpossible(
            f"{target}: counts differ by {parity.share:.0%} from those of the full graph (allowed {_LARGEST_SHARE:.0%}); "
            "give more pictures like those it will see, or ship the full graph"
        )
    write_draft(out, msgspec.structs.replace(draft, version=f"{draft.version}-int8"))
    return parity


def _towers(graph: Path) -> list[str]:
    """The nodes of the score and box towers."""
    return [node.name for node in onnx.load(str(graph)).graph.node if "tower" in node.name]


def _parity(draft: Draft, before: Path, after: Path, pictures: Sequence[Picture]) -> Parity:
    rule = CountRule(*(draft.settings[f"count_{name}"] for name in ("base", "slope", "lowest", "highest")))
    detectors = [ShelfDetector("unreleased", graph_file(path), draft.input, rule, 0.6) for path in (before, after)]
    counts = [[len(detector.detect(picture)) for picture in pictures] for detector in detectors]
    off = np.abs(np.subtract(counts[0], counts[1]))
    return Parity(float(off.sum() / max(sum(counts[0]), 1)), int(off.max()), before.stat().st_size, after.stat().st_size)


def _blob(picture: Picture, spec: InputSpec) -> Floats:
    return normalised(letterboxed(picture, spec.height_px, spec.width_px, spec.fill)[0])
