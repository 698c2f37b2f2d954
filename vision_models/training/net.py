"""The carton detector: MobileNetV2, a small feature pyramid, two towers a level, no anchors. 2.0 M parameters.

Taps at strides 8, 16 and 32 are brought to 96 channels, added from coarse to fine, and read by a score tower and a box tower
of depthwise-separable convolutions. Each cell says how likely a carton has its middle there and how far its four sides are.
Only plain convolutions, additions, clips and nearest resizes, so the graph runs on any ONNX runtime.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

STRIDES = (8, 16, 32)
_TAPS = {6: 32, 13: 96, 17: 320}
_CHANNELS = 96
_FROZEN_STAGES = 4
_BOX_SCALE = 2.5


class CartonNet(nn.Module):
    """Maps pictures (b, 3, h, w) to scores before the sigmoid (b, n) and boxes (b, n, 4) in input pixels; n cells over the
    three levels. `backbone` is the first 18 stages of MobileNetV2; its lower stages and all its norms stay as they are."""

    def __init__(self, backbone: nn.Sequential) -> None:
        super().__init__()
        self.backbone = backbone
        self.laterals = nn.ModuleList(_pointwise(channels) for channels in _TAPS.values())
        self.smooth = nn.ModuleList(_separable() for _ in _TAPS)
        self.score_towers = nn.ModuleList(_tower(outputs=1) for _ in _TAPS)
        self.box_towers = nn.ModuleList(_tower(outputs=4) for _ in _TAPS)
        for tower in self.score_towers:
            # At first nearly no cell holds a carton: start from that belief.
            nn.init.constant_(tower[-1].bias, -4.0)
        for stage in backbone[:_FROZEN_STAGES]:
            stage.requires_grad_(False)

    def train(self, mode: bool = True) -> "CartonNet":
        """Training mode for the head; the backbone's norms keep the statistics of ImageNet."""
        super().train(mode)
        self.backbone.eval()
        return self

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Scores before the sigmoid (b, n) and boxes (b, n, 4) x1 y1 x2 y2 in input pixels."""
        levels = self._pyramid(pictures)
        scores = [tower(level).flatten(1) for tower, level in zip(self.score_towers, levels, strict=True)]
        boxes = [_boxes(tower(level), stride) for tower, level, stride in zip(self.box_towers, levels, STRIDES, strict=True)]
        return torch.cat(scores, dim=1), torch.cat(boxes, dim=1)

    def _pyramid(self, pictures: Tensor) -> list[Tensor]:
        """Features (b, 96, h/stride, w/stride) of the three levels, fine first."""
        taps, features = [], pictures
        for number, stage in enumerate(self.backbone):
            features = stage(features)
            if number in _TAPS:
                taps.append(features)
        levels = [lateral(tap) for lateral, tap in zip(self.laterals, taps, strict=True)]
        for finer in range(len(levels) - 2, -1, -1):
            levels[finer] = levels[finer] + functional.interpolate(levels[finer + 1], scale_factor=2.0, mode="nearest")
        return [smooth(level) for smooth, level in zip(self.smooth, levels, strict=True)]


class Deployed(nn.Module):
    """The network as it ships: scores after the sigmoid."""

    def __init__(self, net: CartonNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Scores in 0..1 (b, n) and boxes (b, n, 4)."""
        scores, boxes = self.net(pictures)
        return torch.sigmoid(scores), boxes


def cell_centres(side_px: int) -> tuple[Tensor, Tensor]:
    """Middle of each cell (n, 2) in input pixels and its stride (n,), in the order of the network's outputs."""
    centres, strides = [], []
    for stride in STRIDES:
        ticks = (torch.arange(side_px // stride) + 0.5) * stride
        y, x = torch.meshgrid(ticks, ticks, indexing="ij")
        centres.append(torch.stack([x.flatten(), y.flatten()], dim=1))
        strides.append(torch.full((len(centres[-1]),), float(stride)))
    return torch.cat(centres), torch.cat(strides)


def _boxes(distances: Tensor, stride: int) -> Tensor:
    """Boxes (b, n, 4) in input pixels from how far the sides are, (b, 4, h, w)."""
    height, width = distances.shape[2:]
    left, top, right, bottom = (torch.exp(distances.clamp(-4.0, 3.0)) * (_BOX_SCALE * stride)).unbind(1)
    x = (torch.arange(width, dtype=distances.dtype) + 0.5) * stride
    y = (torch.arange(height, dtype=distances.dtype)[:, None] + 0.5) * stride
    return torch.stack([x - left, y - top, x + right, y + bottom], dim=-1).flatten(1, 2)


def _pointwise(channels: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, _CHANNELS, 1, bias=False), nn.BatchNorm2d(_CHANNELS))


def _tower(outputs: int) -> nn.Sequential:
    return nn.Sequential(_separable(), _separable(), nn.Conv2d(_CHANNELS, outputs, 1))


def _separable() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(_CHANNELS, _CHANNELS, 3, padding=1, groups=_CHANNELS, bias=False),
        nn.Conv2d(_CHANNELS, _CHANNELS, 1, bias=False),
        nn.BatchNorm2d(_CHANNELS),
        nn.ReLU6(inplace=True),
    )
