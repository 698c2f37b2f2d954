"""The benchmark of speed: it runs without any data, and its figures are those that goals are held against."""

from pathlib import Path

from benchmarks.edge_speed import measure
from benchmarks.report import Options


def test_it_runs_on_rendered_pictures_and_weighs_what_ships(tmp_path: Path) -> None:
    """A few looks without the photos: every figure is there and none is zero."""
    found = measure(Options(data=tmp_path, quick=True, json=True))
    assert set(found.figures) == {"cpu_ms_per_verdict", "cpu_ms_per_count", "over_bare_onnxruntime", "bundle_mb"}
    assert all(float(figure or 0) > 0 for figure in found.figures.values())
    assert found.data == "rendered parts and shelves"
