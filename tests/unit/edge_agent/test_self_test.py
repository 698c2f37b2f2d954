"""The self-test: every form of a network is timed, what computes something else is out, and the choice is what then runs."""

from pathlib import Path

import onnx
import pytest

from edge_agent.errors import TaskNotBuilt
from edge_agent.self_test import choices, report
from edge_agent.self_test.timing import Timed, fastest, timed
from edge_agent.task import Context, ModelFolder
from protocols.signing import new_key, public_text
from tests.parts.bundles import WEIGHTS, with_variants
from vision_models.inference.defects import DefectDetector
from vision_models.inference.manifest import AS_RELEASED, RunAs

KEY = new_key()
INT8 = RunAs("int8", 1)


def other_network() -> bytes:
    """The shipped graph with one of its weights turned round: it runs, and computes something else."""
    graph = onnx.load(str(WEIGHTS / "defects" / "taps.onnx"))
    weights = onnx.numpy_helper.to_array(graph.graph.initializer[0])
    graph.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(-weights, graph.graph.initializer[0].name))
    return bytes(graph.SerializeToString())


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    """The inspector in three forms: as released, an equal one, and one that computes something else."""
    folder = tmp_path_factory.mktemp("model") / "defects"
    equal = (WEIGHTS / "defects" / "taps.onnx").read_bytes()
    with_variants(folder, KEY, "defects", {"int8": (equal, 0.05), "broken": (other_network(), 0.05)})
    return ModelFolder(folder, trusted_keys=(public_text(KEY),))


def test_a_form_that_computes_something_else_is_out_whatever_its_speed(model: ModelFolder) -> None:
    """Two forms on one and two threads are timed; the third is told with why."""
    found = timed(model, cores=2, rounds=3)
    ways = {one.run_as: one for one in found}
    assert {way for way, one in ways.items() if one.milliseconds} == {RunAs(f, n) for f in ("fp32", "int8") for n in (1, 2)}
    assert "golden picture is off" in (ways[RunAs("broken", 1)].why or "")
    assert fastest(found).run_as.variant != "broken"


def test_a_gain_below_a_tenth_changes_nothing() -> None:
    """Noise is no reason to take the cores from other tasks."""
    assert fastest([Timed(AS_RELEASED, 10.0), Timed(INT8, 9.2)]).run_as == AS_RELEASED
    assert fastest([Timed(AS_RELEASED, 10.0), Timed(INT8, 8.0), Timed(RunAs("x", 1), None, "wrong")]).run_as == INT8


def test_the_choice_is_read_when_the_model_is_loaded(model: ModelFolder, tmp_path: Path) -> None:
    """It is kept in the data folder and reaches the task that is built next."""
    found = report.tested(model, cores=1, rounds=3)
    assert any("this one runs" in line for line in found.lines)
    chosen = choices.Chosen(str(model.folder), choices.manifest_sha256(model.folder), "int8", 2, 5.0, 9.0)
    choices.keep(tmp_path / "data", [chosen])
    context = Context("cam-1", WEIGHTS, released=model, speeds=choices.speeds(tmp_path / "data"))
    loaded = context.model("defects")
    assert (loaded.variant, loaded.threads) == ("int8", 2)
    run_as = RunAs(loaded.variant, loaded.threads)
    assert DefectDetector.load(loaded.folder, *loaded.trusted_keys, run_as=run_as).model_id.startswith("defects-9.9.9")


def test_a_choice_counts_for_the_bundle_that_was_timed_only(model: ModelFolder, tmp_path: Path) -> None:
    """Another release in the same folder runs as released until it is timed."""
    choices.keep(tmp_path, [choices.Chosen(str(model.folder), "0" * 64, "int8", 2, 5.0, 9.0)])
    assert choices.speeds(tmp_path) == {}


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff"])
def test_a_damaged_file_of_choices_means_as_released(tmp_path: Path, content: bytes) -> None:
    """The agent starts all the same."""
    (tmp_path / choices.CHOICES_NAME).write_bytes(content)
    assert choices.speeds(tmp_path) == {}


def test_a_bundle_that_is_not_in_order_is_named(tmp_path: Path) -> None:
    """Nothing is timed that may not run."""
    with pytest.raises(TaskNotBuilt, match="nowhere"):
        report.tested(ModelFolder(tmp_path / "nowhere"), 1, 3)
