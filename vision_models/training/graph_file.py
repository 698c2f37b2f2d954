"""ONNX graphs as files that ship: checked, and without a word about the machine that wrote them."""

from pathlib import Path

import onnx

OPSET = 17


def save_graph(graph: onnx.ModelProto, path: Path) -> None:
    """Write a graph without the file paths, dates and stack traces that exporters note in it."""
    del graph.metadata_props[:]
    graph.doc_string = ""
    graph.graph.doc_string = ""
    for node in graph.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    onnx.checker.check_model(graph)
    onnx.save(graph, str(path))
