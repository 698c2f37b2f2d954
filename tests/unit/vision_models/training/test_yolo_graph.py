"""A YOLO graph dressed as ours is read like ours."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from protocols.signing import new_key, public_text
from vision_models.errors import ReleaseImpossible
from vision_models.inference.boxes import CountRule
from vision_models.inference.manifest import InputSpec
from vision_models.inference.preprocess import normalised
from vision_models.inference.session import graph_file
from vision_models.inference.shelf import ShelfDetector
from vision_models.training.graph_file import save_graph
from vision_models.training.release import release, write_draft
from vision_models.training.rule_course import shelf_draft
from vision_models.training.yolo_graph import as_counting_graph

SIDE_PX = 64
# Centre x, centre y, width, height, scores of two classes: three cells as YOLO gives them.
CELLS = np.array([[20, 30, 10, 20, 0.9, 0.1], [44, 30, 8, 8, 0.2, 0.7], [5, 5, 4, 4, 0.01, 0.02]], np.float32)


def yolo_like(opset: int = 17, cells: np.ndarray = CELLS) -> onnx.ModelProto:
    """Takes a picture in 0..1 and says the same of every picture, but for the last score: its mean brightness."""
    rows = cells.T[None].copy()
    brightness_of_last = np.zeros_like(rows)
    brightness_of_last[0, -1, -1] = 1.0
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["mean", "where"], ["lit"]),
        helper.make_node("Add", ["lit", "rows"], ["output0"]),
    ]
    taken = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, SIDE_PX, SIDE_PX])
    given = helper.make_tensor_value_info("output0", TensorProto.FLOAT, list(rows.shape))
    constants = [numpy_helper.from_array(rows, "rows"), numpy_helper.from_array(brightness_of_last, "where")]
    graph = helper.make_graph(nodes, "yolo", [taken], [given], constants, doc_string="/home/somebody/run")
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def test_centres_become_corners_and_classes_one_score(tmp_path: Path) -> None:
    """Boxes as x1 y1 x2 y2 and the best score of each cell, for a picture whose values arrive as YOLO expects them."""
    save_graph(as_counting_graph(yolo_like()), tmp_path / "shelf.onnx")
    picture = np.full((SIDE_PX, SIDE_PX, 3), 128, np.uint8)
    outputs = graph_file(tmp_path / "shelf.onnx").run(normalised(picture))
    np.testing.assert_allclose(outputs["boxes"][0], [[15, 20, 25, 40], [40, 26, 48, 34], [3, 3, 7, 7]], atol=1e-4)
    np.testing.assert_allclose(outputs["scores"][0], [0.9, 0.7, 0.02 + 128 / 255], atol=1e-4)


def test_a_released_yolo_counts_like_any_other_bundle(tmp_path: Path) -> None:
    """Draft, signature, golden answer and boxes in pixels of a picture twice the network's size."""
    save_graph(as_counting_graph(yolo_like()), tmp_path / "shelf.onnx")
    write_draft(tmp_path, shelf_draft("0.0.1", InputSpec(SIDE_PX, SIDE_PX, 114), CountRule(0.6, 0.0, 0.1, 0.8)))
    key = new_key()
    release(tmp_path, key)
    detector = ShelfDetector.load(tmp_path, public_text(key))
    found = detector.detect(np.zeros((2 * SIDE_PX, 2 * SIDE_PX, 3), np.uint8))
    np.testing.assert_allclose(found.boxes_px, [[30, 40, 50, 80], [80, 52, 96, 68]], atol=1e-3)


def test_nothing_of_the_machine_that_taught_is_left(tmp_path: Path) -> None:
    """Exporters note paths, dates and authors."""
    yolo = yolo_like()
    yolo.metadata_props.add(key="args", value="/home/somebody/data.yaml")
    save_graph(as_counting_graph(yolo), tmp_path / "a.onnx")
    save_graph(yolo, tmp_path / "b.onnx")
    assert all(b"somebody" not in (tmp_path / name).read_bytes() for name in ("a.onnx", "b.onnx"))


@pytest.mark.parametrize("wrong", [yolo_like(opset=13), yolo_like(cells=CELLS[:, :4])], ids=["opset", "no scores"])
def test_a_graph_of_another_form_is_refused(wrong: onnx.ModelProto) -> None:
    """The error says what was found and how to export."""
    with pytest.raises(ReleaseImpossible, match="export YOLO11"):
        as_counting_graph(wrong)
