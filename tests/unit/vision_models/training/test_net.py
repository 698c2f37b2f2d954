"""The detector's parts; needs torch, which the training environment has and the product has not."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch lives in the training environment only")

from vision_models.training.loss import assignment, detection_loss, generalised_iou  # noqa: E402
from vision_models.training.net import CartonNet, Deployed, cell_centres  # noqa: E402

TRUTH = torch.tensor([[20.0, 20.0, 60.0, 60.0], [70.0, 70.0, 74.0, 73.0]])


def test_scores_and_boxes_belong_to_cells() -> None:
    """One score and one box for each cell of the three levels; each box contains the middle of its cell."""
    from torchvision.models import mobilenet_v2  # noqa: PLC0415

    centres, strides = cell_centres(96)
    net = Deployed(CartonNet(mobilenet_v2(weights=None).features[:18])).eval()
    with torch.no_grad():
        scores, boxes = net(torch.zeros(1, 3, 96, 96))
    assert scores.shape == (1, len(centres))
    assert len(strides) == 12 * 12 + 6 * 6 + 3 * 3
    assert (boxes[0, :, :2] < centres).all()
    assert (boxes[0, :, 2:] > centres).all()


def test_each_box_gets_cells_also_when_it_holds_none() -> None:
    """The large box is answered for by cells inside it, the tiny one by the nearest."""
    centres, strides = cell_centres(96)
    boxes = torch.cat([centres - strides[:, None], centres + strides[:, None]], dim=1)
    given = assignment(torch.full((len(centres),), 0.01), boxes, TRUTH, centres)
    assert {tuple(box) for box in given.boxes.tolist()} == {tuple(box) for box in TRUTH.tolist()}
    assert len(given.cells) <= 11
    assert (given.targets[given.cells] >= 0.05).all()
    assert float(given.targets.sum()) == pytest.approx(float(given.targets[given.cells].sum()))


def test_a_step_downhill_lowers_the_cost() -> None:
    """The cost has a gradient that leads to the truth, also for a picture with nothing in it."""
    centres, strides = cell_centres(96)
    torch.manual_seed(0)
    scores = torch.full((2, len(centres)), -2.0, requires_grad=True)
    sides = torch.cat([centres - strides[:, None], centres + strides[:, None]], dim=1).repeat(2, 1, 1).requires_grad_()
    optimiser = torch.optim.SGD([scores, sides], lr=2.0)
    costs = []
    for _ in range(30):
        cost = detection_loss(scores, sides, [TRUTH, torch.zeros(0, 4)], centres)
        optimiser.zero_grad()
        cost.backward()
        optimiser.step()
        costs.append(float(cost.detach()))
    assert np.isfinite(costs).all()
    assert costs[-1] < 0.7 * costs[0]


def test_generalised_iou_tells_near_from_far() -> None:
    """1 for the same box, below 0 for boxes apart, lower the farther."""
    box = torch.tensor([[0.0, 0.0, 10.0, 10.0]])
    same, near, far = (float(generalised_iou(box, box + shift)) for shift in (0.0, 12.0, 40.0))
    assert same == pytest.approx(1.0)
    assert far < near < 0
