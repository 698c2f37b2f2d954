"""The detector's weights back out of its ONNX graph, so that any released bundle can be taught further.

The exporter folds each norm into the convolution before it. The weights come back in the order in which the network runs its
convolutions, which is the order in the graph; each norm then only adds the folded bias.
"""

from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torchvision.models import mobilenet_v2

from vision_models.errors import DataMissing
from vision_models.training.net import CartonNet

_LAST_STAGE = 17


def net_of(graph: Path, side_px: int) -> CartonNet:
    """The network that was exported to `graph`, which takes pictures of this side. Raises DataMissing."""
    net = CartonNet(mobilenet_v2(weights=None).features[: _LAST_STAGE + 1]).eval()
    convolutions = _in_order_of_use(net, side_px)
    weights = _convolution_weights(graph)
    if [tuple(conv.weight.shape) for conv, _ in convolutions] != [tuple(weight.shape) for weight, _ in weights]:
        raise DataMissing(
            f"{graph}: its convolutions are not those of our detector; only our own trainer's graphs can go on"
        )
    for (convolution, norm), (weight, bias) in zip(convolutions, weights, strict=True):
        convolution.weight.data = weight
        if norm is None:
            convolution.bias = nn.Parameter(bias)
        else:
            _only_add(norm, bias)
    return net


def _in_order_of_use(net: CartonNet, side_px: int) -> list[tuple[nn.Conv2d, nn.BatchNorm2d | None]]:
    """Each convolution in the order it runs, with the norm that follows it at once."""
    used: list[nn.Module] = []

    def note(module: nn.Module, _inputs: tuple[Tensor, ...], _output: Tensor) -> None:
        used.append(module)

    watched = [module for module in net.modules() if isinstance(module, nn.Conv2d | nn.BatchNorm2d)]
    handles = [module.register_forward_hook(note) for module in watched]
    with torch.no_grad():
        net(torch.zeros(1, 3, side_px, side_px))
    for handle in handles:
        handle.remove()
    following = [*used[1:], None]
    pairs = [(module, after) for module, after in zip(used, following, strict=True) if isinstance(module, nn.Conv2d)]
    return [(conv, after if isinstance(after, nn.BatchNorm2d) else None) for conv, after in pairs]


def _convolution_weights(graph: Path) -> list[tuple[Tensor, Tensor]]:
    """Weight and bias of each convolution of a graph, a bias of 0 where it has none. Raises DataMissing."""
    try:
        content = onnx.load(str(graph)).graph
    except Exception as error:  # onnx and protobuf raise several kinds for a broken file
        raise DataMissing(f"{graph}: {error}; name the graph of a bundle of our detector") from error
    stored = {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in content.initializer}
    found = []
    for node in content.node:
        if node.op_type == "Conv" and node.input[1] in stored:
            weight = stored[node.input[1]]
            found.append((weight, stored[node.input[2]] if len(node.input) > 2 else torch.zeros(len(weight))))
    return found


def _only_add(norm: nn.BatchNorm2d, bias: Tensor) -> None:
    """Make a norm in evaluation add `bias` and do nothing else."""
    norm.running_mean = torch.zeros_like(bias)
    norm.running_var = torch.full_like(bias, 1.0 - norm.eps)
    norm.weight.data = torch.ones_like(bias)
    norm.bias.data = bias
