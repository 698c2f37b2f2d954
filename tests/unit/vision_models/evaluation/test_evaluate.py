"""A bundle is judged on labelled frames, one model against another on the same ones."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
from typer.testing import CliRunner

from firmware_sim.render.picture_set import app as picture_set
from protocols.signing import new_key, public_text, sign
from vision_models import cli
from vision_models.errors import BundleRejected, DataMissing
from vision_models.evaluation.evaluate import Evaluation, evaluate, worded
from vision_models.evaluation.interval import estimate, mean_estimate
from vision_models.inference.manifest import MANIFEST, SIGNATURE, Manifest

WEIGHTS = Path(__file__).parents[4] / "vision_models" / "weights"
KEY = new_key()


@pytest.fixture(scope="module")
def shelves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight labelled shelves."""
    folder = tmp_path_factory.mktemp("shelves")
    CliRunner().invoke(picture_set, ["shelves", "--out", str(folder), "--frames", "2", "--seed", "4000012"])
    return folder


def resigned(folder: Path, **changed: float) -> Path:
    """The shipped counting model with other settings, signed by a key of the test's own."""
    folder.mkdir()
    manifest = msgspec.json.decode((WEIGHTS / "shelf" / MANIFEST).read_bytes(), type=Manifest)
    payload = msgspec.json.encode(msgspec.structs.replace(manifest, settings=manifest.settings | changed))
    (folder / MANIFEST).write_bytes(payload)
    (folder / SIGNATURE).write_text(sign(KEY, payload))
    (folder / manifest.graph).symlink_to(WEIGHTS / "shelf" / manifest.graph)
    return folder


def test_a_counting_model_is_told_in_figures_with_intervals(shelves: Path) -> None:
    """Each figure lies in its interval; there is a loss for every frame."""
    found = evaluate(WEIGHTS / "shelf", shelves)
    assert (found.kind, found.frames, len(found.losses["count_error"])) == ("shelf_count", 8, 8)
    assert all(one.low <= one.value <= one.high and one.n == 8 for one in found.figures.values())
    assert found.figures["within_one"].value > 0.9


def test_a_model_that_counts_too_little_loses_more_at_the_same_frames(shelves: Path, tmp_path: Path) -> None:
    """A changed count rule is seen, and both were judged on the same frames."""
    worse = evaluate(resigned(tmp_path / "worse", count_lowest=0.999, count_highest=1.0), shelves, public_text(KEY))
    better = evaluate(WEIGHTS / "shelf", shelves)
    assert worse.frames_sha256 == better.frames_sha256
    assert worse.figures["count_mae"].value > better.figures["count_mae"].value + 1
    assert sum(worse.losses["count_error"].values()) == pytest.approx(8 * worse.figures["count_mae"].value)


def test_one_of_several_keys_is_enough_and_none_is_not(shelves: Path, tmp_path: Path) -> None:
    """A house trusts its own releaser beside others."""
    folder = resigned(tmp_path / "own")
    assert evaluate(folder, shelves, public_text(new_key()), public_text(KEY)).frames == 8
    with pytest.raises(BundleRejected, match="signature"):
        evaluate(folder, shelves, public_text(new_key()))


def test_an_inspection_model_is_told_what_it_misses_and_wrongly_refuses(tmp_path: Path) -> None:
    """Recall over flawed parts, false alarms over good ones, ranking over all; what cannot be read is named."""
    CliRunner().invoke(picture_set, ["parts", "--out", str(tmp_path), "--good", "4", "--bad", "1", "--seed", "4000013"])
    (tmp_path / "good" / "torn.jpg").write_bytes(b"no picture")
    found = evaluate(WEIGHTS / "defects", tmp_path)
    assert {name: one.n for name, one in found.figures.items()} == {"recall": 3, "false_alarms": 4, "auroc": 7}
    assert found.figures["auroc"].value > 0.7
    assert found.left_out == ("good/torn.jpg",)
    assert any("good/torn.jpg" in line for line in worded(found))


def test_a_picture_that_nobody_labelled_is_not_judged(shelves: Path, tmp_path: Path) -> None:
    """It would be taken for an empty shelf otherwise; without any label there is nothing to judge by."""
    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    for number, picture in enumerate(sorted((shelves / "images").iterdir())[:3]):
        (tmp_path / "images" / picture.name).write_bytes(picture.read_bytes())
        if number:
            label = shelves / "labels" / f"{picture.stem}.txt"
            (tmp_path / "labels" / label.name).write_bytes(label.read_bytes())
    assert evaluate(WEIGHTS / "shelf", tmp_path).frames == 2
    for label in (tmp_path / "labels").iterdir():
        label.unlink()
    with pytest.raises(DataMissing, match="label some"):
        evaluate(WEIGHTS / "shelf", tmp_path)


def test_the_program_prints_what_the_centre_reads(shelves: Path) -> None:
    """One JSON object on stdout; progress goes to stderr."""
    shown = CliRunner().invoke(cli.app, ["evaluate", str(WEIGHTS / "shelf"), "--frames", str(shelves), "--json"])
    assert msgspec.json.decode(shown.stdout, type=Evaluation).frames == 8
    assert "8 of 8 frames" in shown.stderr


def test_an_interval_narrows_with_more_frames_and_is_the_same_each_time() -> None:
    """The law of large numbers, and a seed."""
    few, many = np.tile([0.0, 1.0], 10), np.tile([0.0, 1.0], 1000)
    assert mean_estimate(few).high - mean_estimate(few).low > 4 * (mean_estimate(many).high - mean_estimate(many).low)
    assert mean_estimate(few) == mean_estimate(few)
    assert estimate(20, lambda chosen: float(few[chosen].mean())) == mean_estimate(few)
