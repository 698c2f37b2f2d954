"""A network stored in a quarter of the room: its weights as bytes and one scale an output channel.

The graph turns them back into float32 (`Cast`, `Mul`) when it is loaded, where ONNX Runtime folds them into constants. So it
computes in float32 as before, at the speed of before, with weights that are off by at most half a step.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from vision_models.training.release import read_draft

LEAST_VALUES, _LARGEST_BYTE = 1024, 127


def compact_file(folder: Path, least_values: int = LEAST_VALUES) -> tuple[int, int]:
    """Write the graph of a draft anew; its bytes before and after. Raises DataMissing."""
    file = folder / read_draft(folder).graph
    before = file.stat().st_size
    onnx.save(compacted(onnx.load(str(file)), least_values), str(file))
    return before, file.stat().st_size


def compacted(model: onnx.ModelProto, least_values: int = LEAST_VALUES) -> onnx.ModelProto:
    """The model with every float32 weight of so many values or more as int8; others stay as they are.

    The largest weights hold most of the room and little of the error: a detector that must not miscount gives up these only.
    """
    small = onnx.ModelProto()
    small.CopyFrom(model)
    weights = {node.input[1] for node in small.graph.node if node.op_type in {"Conv", "Gemm"}}
    chosen = [one for one in small.graph.initializer if one.name in weights and _is_large(one, least_values)]
    unpacking: list[onnx.NodeProto] = []
    for tensor in chosen:
        stored, nodes = _packed(tensor)
        small.graph.initializer.remove(tensor)
        small.graph.initializer.extend(stored)
        unpacking += nodes
    nodes = [*unpacking, *small.graph.node]
    del small.graph.node[:]
    small.graph.node.extend(nodes)
    return small


def _is_large(tensor: onnx.TensorProto, least_values: int) -> bool:
    return tensor.data_type == onnx.TensorProto.FLOAT and int(np.prod(tensor.dims)) >= least_values


def _packed(tensor: onnx.TensorProto) -> tuple[list[onnx.TensorProto], list[onnx.NodeProto]]:
    """Bytes and scales of a weight, and the nodes that give it back under its own name."""
    values = numpy_helper.to_array(tensor)
    step = np.abs(values).max(axis=tuple(range(1, values.ndim)), keepdims=True) / _LARGEST_BYTE
    step = np.where(step > 0, step, 1).astype(np.float32)
    name, scale, wide = f"{tensor.name}.bytes", f"{tensor.name}.step", f"{tensor.name}.wide"
    stored = [
        numpy_helper.from_array(np.round(values / step).astype(np.int8), name),
        numpy_helper.from_array(step, scale),
    ]
    nodes = [
        helper.make_node("Cast", [name], [wide], to=onnx.TensorProto.FLOAT),
        helper.make_node("Mul", [wide, scale], [tensor.name]),
    ]
    return stored, nodes
