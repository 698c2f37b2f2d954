"""A graph stored in less room computes what it computed before, nearly."""

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx", reason="onnx lives where models are taught and tested")

import vision_models
from vision_models.inference.session import golden_blob, graph_file
from vision_models.training.compact import compact_file
from vision_models.training.release import DRAFT, read_draft

BUNDLE = Path(vision_models.__path__[0]) / "weights" / "defects"


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    """A copy of the shipped inspection network."""
    for name in (read_draft(BUNDLE).graph, DRAFT):
        shutil.copy(BUNDLE / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(("least_values", "share", "error"), [(1024, 0.4, 0.3), (20_000, 0.8, 0.05)])
def test_a_graph_takes_less_room_and_answers_alike(draft: Path, least_values: int, share: float, error: float) -> None:
    """The more weights are packed, the smaller the file and the larger the error."""
    blob = golden_blob(read_draft(draft).input)
    graph = draft / read_draft(draft).graph
    expected = graph_file(graph).run(blob)
    before, after = compact_file(draft, least_values)
    assert after == graph.stat().st_size < share * before
    for name, values in graph_file(graph).run(blob).items():
        assert np.abs(values - expected[name]).mean() < error * np.abs(expected[name]).mean()
