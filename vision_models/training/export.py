"""Writing networks as ONNX graphs: one picture a run, plain operators, nothing of the machine that trained them."""

from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from vision_models.inference.manifest import InputSpec

OPSET = 17
_FINE_STAGE, _COARSE_STAGE = 6, 13


class Taps(nn.Module):
    """The lower stages of MobileNetV2 with two taps: `fine` 32 channels at stride 8, `coarse` 96 at stride 16."""

    def __init__(self, backbone: nn.Sequential) -> None:
        super().__init__()
        self.lower = backbone[: _FINE_STAGE + 1]
        self.upper = backbone[_FINE_STAGE + 1 : _COARSE_STAGE + 1]

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Features (b, 32, h/8, w/8) and (b, 96, h/16, w/16)."""
        fine = self.lower(pictures)
        return fine, self.upper(fine)


def export_graph(network: nn.Module, path: Path, spec: InputSpec, outputs: tuple[str, ...]) -> None:
    """Write a network as ONNX with a fixed input of one picture."""
    example = torch.zeros(1, 3, spec.height_px, spec.width_px)
    torch.onnx.export(
        network.eval(),
        (example,),
        str(path),
        input_names=["pictures"],
        output_names=list(outputs),
        opset_version=OPSET,
        dynamo=False,
    )
    graph = onnx.load(str(path))
    # Exporters note file paths and stack traces of this machine.
    del graph.metadata_props[:]
    for node in graph.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    onnx.checker.check_model(graph)
    onnx.save(graph, str(path))
