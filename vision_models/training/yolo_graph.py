"""A YOLO graph dressed as a counting graph of ours, so that devices read both alike.

YOLO takes RGB in 0..1 and gives (1, 4 + classes, n): centre, width, height in input pixels, then a score a class. Ours takes
RGB of ImageNet's mean and variance and gives `boxes` (1, n, 4) x1 y1 x2 y2 and `scores` (1, n). What differs becomes nodes
before and after the network; a carton is a carton, whatever class it was given.
"""

from collections.abc import Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from vision_models.errors import ReleaseImpossible
from vision_models.inference.preprocess import IMAGENET_MEAN_RGB, IMAGENET_SD_RGB
from vision_models.training.graph_file import OPSET


def as_counting_graph(yolo: onnx.ModelProto) -> onnx.ModelProto:
    """The same network with the input `pictures` and the outputs `scores` and `boxes`. Raises ReleaseImpossible."""
    _check(yolo)
    network, taken, given = yolo.graph, yolo.graph.input[0], yolo.graph.output[0]
    height, width = _shape(taken)[2:]
    columns, cells = _shape(given)[1:]
    pictures = helper.make_tensor_value_info("pictures", TensorProto.FLOAT, [1, 3, height, width])
    outputs = [
        helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, cells]),
        helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, cells, 4]),
    ]
    dressed = helper.make_graph(
        [*_before(taken.name), *network.node, *_after(given.name)],
        "counting",
        [pictures],
        outputs,
        [*network.initializer, *_constants(columns)],
        value_info=[*network.value_info, taken, given],
    )
    return helper.make_model(dressed, opset_imports=yolo.opset_import, ir_version=yolo.ir_version)


def _check(yolo: onnx.ModelProto) -> None:
    """Raises ReleaseImpossible unless the graph takes one picture and gives rows of boxes with scores."""
    opsets = [one.version for one in yolo.opset_import if not one.domain]
    shapes = [_shape(value) for value in (*yolo.graph.input, *yolo.graph.output)]
    is_yolo = len(shapes) == 2 and [len(shape) for shape in shapes] == [4, 3] and shapes[1][0] == 1 and shapes[1][1] > 4
    if opsets != [OPSET] or not is_yolo:
        raise ReleaseImpossible(
            f"a graph of opset {opsets} with shapes {shapes}: wanted opset {OPSET}, (1, 3, h, w) to (1, 4 + classes, n); "
            "export YOLO11 with a fixed size and without suppression"
        )


def _shape(value: ValueInfoProto) -> list[int]:
    return [side.dim_value for side in value.type.tensor_type.shape.dim]


def _constants(columns: int) -> Sequence[TensorProto]:
    values: dict[str, NDArray[np.generic]] = {
        "dress_sd": np.array(IMAGENET_SD_RGB, np.float32).reshape(1, 3, 1, 1),
        "dress_mean": np.array(IMAGENET_MEAN_RGB, np.float32).reshape(1, 3, 1, 1),
        "dress_parts": np.array([2, 2, columns - 4], np.int64),
        "dress_half": np.array(0.5, np.float32),
    }
    return [numpy_helper.from_array(value, name) for name, value in values.items()]


def _before(network_input: str) -> Sequence[NodeProto]:
    """From zero mean and unit variance back to 0..1."""
    return [
        helper.make_node("Mul", ["pictures", "dress_sd"], ["dress_spread"]),
        helper.make_node("Add", ["dress_spread", "dress_mean"], [network_input]),
    ]


def _after(network_output: str) -> Sequence[NodeProto]:
    """From centre and sides to corners, from a score a class to the best of them."""
    return [
        helper.make_node("Transpose", [network_output], ["dress_rows"], perm=[0, 2, 1]),
        helper.make_node("Split", ["dress_rows", "dress_parts"], ["dress_centre", "dress_sides", "dress_classes"], axis=2),
        helper.make_node("Mul", ["dress_sides", "dress_half"], ["dress_reach"]),
        helper.make_node("Sub", ["dress_centre", "dress_reach"], ["dress_first"]),
        helper.make_node("Add", ["dress_centre", "dress_reach"], ["dress_last"]),
        helper.make_node("Concat", ["dress_first", "dress_last"], ["boxes"], axis=2),
        helper.make_node("ReduceMax", ["dress_classes"], ["scores"], axes=[2], keepdims=0),
    ]
