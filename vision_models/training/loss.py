"""Which cell answers for which carton, and what a wrong answer costs.

Task-aligned assignment (Feng et al., TOOD, ICCV 2021) with the exponents 0.5 and 4: for each true box the ten cells inside
it that score and fit best. Cost: binary cross-entropy against the quality of the fit, and 2.5 times the generalised IoU loss
(Rezatofighi et al., CVPR 2019), both over the sum of the targets.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

_CANDIDATES, _LEAST_TARGET, _BOX_WEIGHT = 10, 0.05, 2.5


@dataclass(frozen=True)
class Assignment:
    """For one picture: the score each cell should have (n,), the cells that hold a carton (k,) and their boxes (k, 4)."""

    targets: Tensor
    cells: Tensor
    boxes: Tensor


def detection_loss(scores: Tensor, boxes: Tensor, truths: list[Tensor], centres: Tensor) -> Tensor:
    """Cost of a batch: scores before the sigmoid (b, n), boxes (b, n, 4), true boxes (k, 4) each, cell centres (n, 2)."""
    with torch.no_grad():
        assigned = [assignment(s.sigmoid(), b, t, centres) for s, b, t in zip(scores, boxes, truths, strict=True)]
    targets = torch.stack([one.targets for one in assigned])
    total = targets.sum().clamp(min=1.0)
    score_cost = functional.binary_cross_entropy_with_logits(scores, targets, reduction="sum")
    box_cost = scores.new_zeros(())
    for index, one in enumerate(assigned):
        fit = generalised_iou(boxes[index, one.cells], one.boxes)
        box_cost = box_cost + ((1.0 - fit) * one.targets[one.cells]).sum()
    return (score_cost + _BOX_WEIGHT * box_cost) / total


def assignment(scores: Tensor, boxes: Tensor, truth: Tensor, centres: Tensor) -> Assignment:
    """The cells of one picture that answer for its true boxes (k, 4), given what it says now."""
    targets = torch.zeros_like(scores)
    if not len(truth):
        return Assignment(targets, torch.zeros(0, dtype=torch.long), truth)
    fit = iou(truth, boxes)
    quality = scores[None].sqrt() * fit**4
    chosen = _chosen(quality, truth, centres)
    # A cell claimed twice goes to the box it fits better.
    owner = torch.where(chosen, fit, torch.full_like(fit, -1.0)).max(dim=0)
    chosen &= torch.arange(len(truth))[:, None] == owner.indices[None]
    best_quality = (quality * chosen).amax(dim=1, keepdim=True).clamp(min=1e-9)
    best_fit = (fit * chosen).amax(dim=1, keepdim=True)
    target = (quality / best_quality * best_fit).clamp(min=_LEAST_TARGET) * chosen
    targets = target.amax(dim=0)
    cells = torch.nonzero(chosen.any(dim=0)).flatten()
    return Assignment(targets, cells, truth[owner.indices[cells]])


def _chosen(quality: Tensor, truth: Tensor, centres: Tensor) -> Tensor:
    """(k, n): the best cells inside each box; for a box too small to hold a cell, the nearest one."""
    x, y = centres[None, :, 0], centres[None, :, 1]
    left, top, right, bottom = (side[:, None] for side in truth.unbind(1))
    inside = (x > left) & (x < right) & (y > top) & (y < bottom)
    middle = (truth[:, :2] + truth[:, 2:]) / 2
    nearest = torch.cdist(middle, centres).argmin(dim=1)
    orphaned = ~inside.any(dim=1)
    inside[orphaned, nearest[orphaned]] = True
    ranked = torch.where(inside, quality + 1e-12, torch.full_like(quality, -1.0))
    best = ranked.topk(min(_CANDIDATES, ranked.shape[1]), dim=1).indices
    return torch.zeros_like(inside).scatter_(1, best, True) & inside


def iou(boxes: Tensor, others: Tensor) -> Tensor:
    """Intersection over union of each of n boxes with each of m others: (n, m)."""
    shared = _shared(boxes[:, None], others[None])
    return shared / (_area(boxes)[:, None] + _area(others)[None] - shared).clamp(min=1e-9)


def generalised_iou(boxes: Tensor, others: Tensor) -> Tensor:
    """Generalised IoU of n boxes with their n counterparts, in -1..1: (n,)."""
    shared = _shared(boxes, others)
    union = (_area(boxes) + _area(others) - shared).clamp(min=1e-9)
    around = torch.maximum(boxes[:, 2:], others[:, 2:]) - torch.minimum(boxes[:, :2], others[:, :2])
    hull = around.prod(dim=1).clamp(min=1e-9)
    return shared / union - (hull - union) / hull


def _shared(boxes: Tensor, others: Tensor) -> Tensor:
    top_left = torch.maximum(boxes[..., :2], others[..., :2])
    return (torch.minimum(boxes[..., 2:], others[..., 2:]) - top_left).clamp(min=0).prod(dim=-1)


def _area(boxes: Tensor) -> Tensor:
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(dim=-1)
