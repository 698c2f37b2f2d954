"""Writing networks of our own as ONNX graphs: one picture a run, plain operators."""

from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from vision_models.inference.manifest import InputSpec
from vision_models.training.graph_file import OPSET, save_graph

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
    save_graph(onnx.load(str(path)), path)
