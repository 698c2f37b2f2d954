"""Teaching the carton detector within a budget of CPU time.

AdamW with 100 warm-up steps and a cosine over the budget, batches of eight, gradients clipped at 10, and an exponential mean
of the weights, which is what is kept. The budget is CPU seconds of this process, so that a busy machine does not change what
is learnt.
"""

import copy
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import structlog
import torch
from torch import nn

from vision_models.evaluation.detection import average_precision
from vision_models.inference.arrays import Floats, Picture
from vision_models.inference.boxes import suppressed
from vision_models.inference.detections import Detections, one_class
from vision_models.inference.preprocess import letterboxed, normalised
from vision_models.training.augment import view
from vision_models.training.backbone import imagenet_backbone
from vision_models.training.datasets import LabelledPicture, epoch_of
from vision_models.training.loss import detection_loss
from vision_models.training.net import CartonNet, cell_centres

log = structlog.get_logger(__name__)
FILL, LAST_STAGE = 114, 17


@dataclass(frozen=True)
class Recipe:
    """How the detector is taught. shares: what part of a capture one epoch shows; rates per step of AdamW."""

    side_px: int = 320
    budget_cpu_s: float = 1200.0
    batch: int = 8
    backbone_rate: float = 4e-4
    head_rate: float = 1.5e-3
    weight_decay: float = 0.02
    warm_up_steps: int = 100
    mean_decay: float = 0.998
    mosaic_until: float = 0.85
    seed: int = 0
    shares: dict[str, float] = field(default_factory=dict)


def teach(
    recipe: Recipe,
    wheel: Path,
    training: list[LabelledPicture],
    validation: dict[str, list[LabelledPicture]],
    spent_cpu_s: Callable[[], float] = time.process_time,
) -> CartonNet:
    """The detector after the budget; logs the loss and the average precision on each validation set after each epoch."""
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    net = CartonNet(imagenet_backbone(wheel, LAST_STAGE)).to(memory_format=torch.channels_last)
    kept, optimiser, started = copy.deepcopy(net), _optimiser(net, recipe), spent_cpu_s()
    centres, steps, epoch, share = cell_centres(recipe.side_px)[0], 0, 0, 0.0
    while share < 1.0:
        costs = []
        for pictures, truths in _batches(recipe, training, rng, with_mosaic=share < recipe.mosaic_until):
            share = (spent_cpu_s() - started) / recipe.budget_cpu_s
            _set_rates(optimiser, recipe, steps, share)
            costs.append(_step(net, optimiser, pictures, truths, centres))
            steps += 1
            _follow(kept, net, min(recipe.mean_decay, (1 + steps) / (10 + steps)))
            if share >= 1.0:
                break
        epoch += 1
        figures = {name: round(precision(kept, recipe.side_px, pictures), 4) for name, pictures in validation.items()}
        log.info("epoch", epoch=epoch, share=round(share, 3), cost=round(float(np.mean(costs)), 4), **figures)
    return kept.eval()


def precision(net: CartonNet, side_px: int, pictures: list[LabelledPicture]) -> float:
    """Average precision at IoU 0.5 of the network as it stands."""
    found, truths = [], []
    for labelled in pictures:
        canvas, placed = letterboxed(labelled.picture, side_px, side_px, FILL)
        found.append(_detected(net, torch.from_numpy(normalised(canvas))))
        truths.append(labelled.boxes_px * placed.scale + np.array([placed.left, placed.top] * 2, dtype=np.float32))
    return average_precision(found, truths)


@torch.no_grad()
def _detected(net: CartonNet, picture: torch.Tensor) -> Detections:
    """What the network finds in one picture (1, 3, h, w), in its own pixels."""
    net.eval()
    scores, boxes = net(picture.to(memory_format=torch.channels_last))
    all_scores, all_boxes = scores[0].sigmoid().numpy(), boxes[0].numpy()
    likely = np.argsort(-all_scores)[:600]
    likely = likely[all_scores[likely] > 0.05]
    kept = likely[suppressed(all_boxes[likely], all_scores[likely], 0.6, 300)]
    return one_class(all_boxes[kept], all_scores[kept])


def _optimiser(net: CartonNet, recipe: Recipe) -> torch.optim.AdamW:
    backbone = [p for p in net.backbone.parameters() if p.requires_grad]
    lower = {id(p) for p in net.backbone.parameters()}
    head = [p for p in net.parameters() if id(p) not in lower]
    groups = [{"params": backbone, "peak": recipe.backbone_rate}, {"params": head, "peak": recipe.head_rate}]
    return torch.optim.AdamW(groups, lr=recipe.head_rate, weight_decay=recipe.weight_decay)


def _set_rates(optimiser: torch.optim.AdamW, recipe: Recipe, steps: int, share: float) -> None:
    """Warm up, then fall by a cosine to 2 % over the budget."""
    rise = min((steps + 1) / recipe.warm_up_steps, 1.0)
    fall = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(share, 1.0)))
    for group in optimiser.param_groups:
        group["lr"] = group["peak"] * rise * fall


def _batches(
    recipe: Recipe, training: list[LabelledPicture], rng: np.random.Generator, with_mosaic: bool
) -> Iterator[tuple[torch.Tensor, list[torch.Tensor]]]:
    """One epoch: pictures (b, 3, side, side) and their true boxes."""
    shown = epoch_of(training, recipe.shares, rng)
    for start in range(0, len(shown) - recipe.batch + 1, recipe.batch):
        queue = shown[start : start + recipe.batch]
        views = [_view(recipe, training, first, rng, with_mosaic) for first in queue]
        blobs = np.concatenate([normalised(canvas) for canvas, _ in views])
        pictures = torch.from_numpy(blobs).to(memory_format=torch.channels_last)
        yield pictures, [torch.from_numpy(boxes) for _, boxes in views]


def _view(
    recipe: Recipe, training: list[LabelledPicture], first: LabelledPicture, rng: np.random.Generator, with_mosaic: bool
) -> tuple[Picture, Floats]:
    """A varied view that shows `first`, in a mosaic together with others."""
    waiting = [first]

    def picked() -> LabelledPicture:
        return waiting.pop() if waiting else training[rng.integers(len(training))]

    return view(picked, recipe.side_px, rng, with_mosaic)


def _step(
    net: CartonNet, optimiser: torch.optim.AdamW, pictures: torch.Tensor, truths: list[torch.Tensor], centres: torch.Tensor
) -> float:
    """One step downhill; gives the cost before it."""
    net.train()
    scores, boxes = net(pictures)
    cost = detection_loss(scores, boxes, truths, centres)
    optimiser.zero_grad(set_to_none=True)
    cost.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 10.0)
    optimiser.step()
    return float(cost.detach())


@torch.no_grad()
def _follow(kept: CartonNet, net: CartonNet, decay: float) -> None:
    """Move the kept weights a little towards the current ones."""
    for mean, value in zip(kept.state_dict().values(), net.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.lerp_(value, 1.0 - decay)
        else:
            mean.copy_(value)
