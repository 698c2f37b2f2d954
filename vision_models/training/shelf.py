"""Teaching the carton detector within a budget of CPU time.

AdamW with 100 warm-up steps and a cosine over the budget, batches of eight, gradients clipped at 10, and an exponential mean
of the weights, which is what is kept. The budget is CPU seconds of this process, so that a busy machine does not change what
is learnt. The weights kept so far can be written after each epoch, and a course can start from such a file: a second stage
at another size, or the rest of a course that was cut off.
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

from vision_models.errors import DataMissing
from vision_models.evaluation.detection import average_precision
from vision_models.inference.arrays import Floats, Picture
from vision_models.inference.boxes import suppressed
from vision_models.inference.detections import Detections, one_class
from vision_models.inference.preprocess import letterboxed, normalised
from vision_models.training.augment import view
from vision_models.training.backbone import blank_backbone, imagenet_backbone
from vision_models.training.datasets import LabelledPicture, epoch_of
from vision_models.training.loss import detection_loss
from vision_models.training.net import CartonNet, cell_centres

log = structlog.get_logger(__name__)
FILL, LAST_STAGE = 114, 17


def _nobody(share: float) -> None:
    """Hears how far a course is and says nothing."""


@dataclass(frozen=True)
class Recipe:
    """How the detector is taught. shares: what part of a capture one epoch shows; rates per step of AdamW; start_from:
    weights to begin with instead of ImageNet's; checkpoint: file that gets the weights after each epoch; told: hears after
    each step what share of the budget, 0..1, is spent."""

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
    start_from: Path | None = None
    checkpoint: Path | None = None
    told: Callable[[float], None] = _nobody


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
    net = _start(recipe, wheel)
    kept, optimiser, started = copy.deepcopy(net), _optimiser(net, recipe), spent_cpu_s()
    centres, steps, epoch, share = cell_centres(recipe.side_px)[0], 0, 0, 0.0
    while share < 1.0:
        costs = []
        for pictures, truths in _batches(recipe, training, rng, with_mosaic=share < recipe.mosaic_until):
            share = (spent_cpu_s() - started) / recipe.budget_cpu_s
            recipe.told(min(share, 1.0))
            _set_rates(optimiser, recipe, steps, share)
            costs.append(_step(net, optimiser, pictures, truths, centres))
            steps += 1
            _follow(kept, net, min(recipe.mean_decay, (1 + steps) / (10 + steps)))
            if share >= 1.0:
                break
        epoch += 1
        figures = {name: round(precision(kept, recipe.side_px, pictures), 4) for name, pictures in validation.items()}
        if recipe.checkpoint:
            np.savez(recipe.checkpoint, **{name: value.numpy() for name, value in kept.state_dict().items()})
        log.info("epoch", epoch=epoch, share=round(share, 3), cost=round(float(np.mean(costs)), 4), **figures)
    return kept.eval()


def steps_on(net: CartonNet, recipe: Recipe, training: list[LabelledPicture], spent_cpu_s: Callable[[], float]) -> CartonNet:
    """A network taught further on a few pictures, for the budget: any part of it that has its gradients switched off stays.

    The norms keep their statistics: a few pictures have none of their own.
    """
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    net = net.to(memory_format=torch.channels_last)
    kept, optimiser, started = copy.deepcopy(net), _optimiser(net, recipe), spent_cpu_s()
    centres, steps, share = cell_centres(recipe.side_px)[0], 0, 0.0
    while share < 1.0:
        shown = [training[index] for index in rng.integers(len(training), size=recipe.batch)]
        pictures, truths = _batch(recipe, training, shown, rng, with_mosaic=share < recipe.mosaic_until)
        share = (spent_cpu_s() - started) / recipe.budget_cpu_s
        recipe.told(min(share, 1.0))
        _set_rates(optimiser, recipe, steps, share)
        _step(net, optimiser, pictures, truths, centres, train=False)
        steps += 1
        _follow(kept, net, min(recipe.mean_decay, (1 + steps) / (10 + steps)))
    log.info("taught further", steps=steps)
    return kept.eval()


def _start(recipe: Recipe, wheel: Path) -> CartonNet:
    """The network before its first step. Raises DataMissing."""
    net = CartonNet(blank_backbone(LAST_STAGE) if recipe.start_from else imagenet_backbone(wheel, LAST_STAGE))
    if recipe.start_from:
        try:
            with np.load(recipe.start_from) as weights:
                net.load_state_dict({name: torch.from_numpy(weights[name]) for name in weights.files})
        except (OSError, RuntimeError, ValueError) as error:
            raise DataMissing(f"{recipe.start_from}: {error}; name a file that --checkpoint wrote") from error
    return net.to(memory_format=torch.channels_last)


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
        yield _batch(recipe, training, shown[start : start + recipe.batch], rng, with_mosaic)


def _batch(
    recipe: Recipe,
    training: list[LabelledPicture],
    shown: list[LabelledPicture],
    rng: np.random.Generator,
    with_mosaic: bool,
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Varied views (b, 3, side, side) of the pictures shown, and their true boxes."""
    views = [_view(recipe, training, first, rng, with_mosaic) for first in shown]
    blobs = np.concatenate([normalised(canvas) for canvas, _ in views])
    pictures = torch.from_numpy(blobs).to(memory_format=torch.channels_last)
    return pictures, [torch.from_numpy(boxes) for _, boxes in views]


def _view(
    recipe: Recipe, training: list[LabelledPicture], first: LabelledPicture, rng: np.random.Generator, with_mosaic: bool
) -> tuple[Picture, Floats]:
    """A varied view that shows `first`, in a mosaic together with others."""
    waiting = [first]

    def picked() -> LabelledPicture:
        return waiting.pop() if waiting else training[rng.integers(len(training))]

    return view(picked, recipe.side_px, rng, with_mosaic)


def _step(
    net: CartonNet,
    optimiser: torch.optim.AdamW,
    pictures: torch.Tensor,
    truths: list[torch.Tensor],
    centres: torch.Tensor,
    train: bool = True,
) -> float:
    """One step downhill; gives the cost before it. train: whether the norms of the head follow the pictures."""
    net.train(train)
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
