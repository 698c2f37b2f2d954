"""The shipped models on ONNX Runtime: better than trivial answers on pictures they never saw, and refused when altered."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from firmware_sim.render.picture_set import part_picture, shelf_pictures
from firmware_sim.world.parts import DEFECT_KINDS, DefectKind
from protocols.signing import new_key, public_text, sign
from vision_models.errors import BundleRejected, PictureUnusable
from vision_models.evaluation.anomaly import grey_level_scores, inspection_figures
from vision_models.evaluation.table import count_table
from vision_models.inference.defects import STATISTICS, DefectDetector
from vision_models.inference.detections import Inspection
from vision_models.inference.manifest import MANIFEST, SIGNATURE, InputSpec, Manifest, read_bundle
from vision_models.inference.session import golden_blob, load_graph, samples
from vision_models.inference.shelf import ShelfDetector
from vision_models.training.release import Draft, release, write_draft

WEIGHTS = Path(__file__).parents[2] / "vision_models" / "weights"
# Teaching used 1,000,000, validation 2,000,000 and the model cards 3,000,000.
UNSEEN_SEED, TAUGHT_SEED = 4_000_000, 1_000_000
KEY = new_key()


@pytest.fixture(scope="module")
def shelf() -> ShelfDetector:
    return ShelfDetector.load(WEIGHTS / "shelf")


@pytest.fixture(scope="module")
def defects() -> DefectDetector:
    return DefectDetector.load(WEIGHTS / "defects")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A copy of the defect bundle, released anew by a key of this test."""
    folder = tmp_path / "defects"
    shutil.copytree(WEIGHTS / "defects", folder)
    manifest = read_bundle(folder).manifest
    fields = {name: getattr(manifest, name) for name in Draft.__struct_fields__ if name != "other_files"}
    write_draft(folder, Draft(**fields, other_files=(STATISTICS,)))
    release(folder, KEY)
    return folder


def manifest_of(folder: Path) -> Manifest:
    return read_bundle(folder, public_text(KEY)).manifest


def load(folder: Path) -> DefectDetector:
    return DefectDetector.load(folder, public_text(KEY))


def test_shelves_are_counted_far_better_than_by_the_mean(shelf: ShelfDetector) -> None:
    """On shelves of designs, light and stock never seen: a tenth of the error of the constant, nearly all within one."""
    pictures = [(one.picture, one.boxes_px) for one in shelf_pictures(UNSEEN_SEED, frames=15)]
    taught = [len(one.boxes_px) for one in shelf_pictures(TAUGHT_SEED, frames=15)]
    table = count_table(shelf, pictures, taught)
    assert table.model.count_mae <= 0.15 * table.constant.count_mae
    assert table.model.within_one >= 0.95
    assert table.ap50 >= 0.95


def test_an_empty_shelf_counts_nothing(shelf: ShelfDetector) -> None:
    """Nothing there, nothing found: no carton is made of boards, posts and price strips."""
    empty = [one.picture for one in shelf_pictures(UNSEEN_SEED + 1, frames=12) if not len(one.boxes_px)]
    assert empty
    assert all(len(shelf.detect(picture)) == 0 for picture in empty)


def test_flaws_are_found_far_better_than_by_a_grey_level(defects: DefectDetector) -> None:
    """Unseen parts: nearly all flaws caught at few false alarms, where one grey level catches next to none."""
    good = [part_picture(UNSEEN_SEED, number, None).frame for number in range(30)]
    bad = [part_picture(UNSEEN_SEED, number, kind).frame for kind in DEFECT_KINDS for number in range(10)]
    taught = [part_picture(TAUGHT_SEED, number, None).frame for number in range(30)]
    of_good, of_bad = (np.array([defects.inspect(frame).score for frame in frames]) for frames in (good, bad))
    model = inspection_figures(of_good, of_bad, limit=1.0)
    grey = inspection_figures(grey_level_scores(good, taught), grey_level_scores(bad, taught), limit=1.0)
    assert model.auroc >= max(0.97, grey.auroc + 0.2)
    assert model.recall >= max(0.85, grey.recall + 0.5)
    assert model.false_alarms <= 0.1


@pytest.mark.parametrize("kind", DEFECT_KINDS)
def test_a_verdict_shows_where_the_flaw_is(defects: DefectDetector, kind: DefectKind) -> None:
    """The strangest region touches the true one, and the map is hottest there."""
    found: list[bool] = []
    for number in range(8):
        shown = part_picture(UNSEEN_SEED, number, kind)
        verdict = defects.inspect(shown.frame)
        if verdict.is_defective and shown.defect_box_px is not None:
            found.append(_touches(verdict, shown.defect_box_px))
    assert sum(found) >= 6


def test_a_masked_flaw_is_not_judged(defects: DefectDetector) -> None:
    """Leaving out the place of the flaw leaves a good part."""
    shown = part_picture(UNSEEN_SEED, 1, "stain")
    assert defects.inspect(shown.frame).is_defective
    assert shown.defect_box_px is not None
    left, top, right, bottom = shown.defect_box_px
    mask = np.ones(shown.frame.shape[:2], dtype=bool)
    mask[max(top - 30, 0) : bottom + 30, max(left - 30, 0) : right + 30] = False
    verdict = defects.inspect(shown.frame, mask)
    assert not verdict.is_defective
    assert verdict.map[mask].max() > 0
    assert verdict.map[~mask].max() == 0


def test_a_defective_part_always_shows_a_place(defects: DefectDetector) -> None:
    """Also when the part as a whole is too strange and no place is beyond the limit of its own."""
    lenient = replace(defects, verdicts=replace(defects.verdicts, place_limit=1000.0))
    verdict = lenient.inspect(part_picture(UNSEEN_SEED, 1, "stain").frame)
    assert verdict.is_defective
    assert len(verdict.regions) >= 1


def test_rarer_scores_have_smaller_p_values(defects: DefectDetector) -> None:
    """A good part is ordinary, a stained one next to impossible."""
    good, bad = (defects.inspect(part_picture(UNSEEN_SEED, 2, kind).frame) for kind in (None, "stain"))
    assert good.p_value is not None
    assert bad.p_value is not None
    assert good.p_value > 0.05
    assert bad.p_value < 0.01


def test_what_is_no_picture_is_refused(shelf: ShelfDetector, defects: DefectDetector) -> None:
    """Wrong shapes for both, and an empty belt for the inspection."""
    for model in (shelf.detect, defects.inspect):
        with pytest.raises(PictureUnusable):
            model(np.zeros((100, 100), np.uint8))
    with pytest.raises(PictureUnusable, match="no whole part"):
        defects.inspect(np.full((480, 640, 3), 44, np.uint8))


def test_a_bundle_says_who_it_is(shelf: ShelfDetector, defects: DefectDetector) -> None:
    """Name, version and twelve digits of the hash; both under the size an edge device is promised."""
    assert shelf.model_id.startswith("shelf-")
    assert defects.model_id.startswith("defects-")
    assert len(shelf.model_id.rpartition(":")[2]) == 12
    assert sum(path.stat().st_size for path in WEIGHTS.rglob("*") if path.is_file()) <= 12e6


def test_a_bundle_released_by_a_trusted_key_loads(bundle: Path) -> None:
    """The copy is accepted with the key of its releaser, and not with the one that ships."""
    assert load(bundle).model_id == read_bundle(WEIGHTS / "defects").manifest.model_id
    with pytest.raises(BundleRejected, match="signature"):
        DefectDetector.load(bundle)


@pytest.mark.parametrize("name", ["taps.onnx", STATISTICS])
def test_an_altered_file_is_refused(bundle: Path, name: str) -> None:
    """One flipped bit in any file."""
    content = bytearray((bundle / name).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / name).write_bytes(bytes(content))
    with pytest.raises(BundleRejected, match=name):
        load(bundle)


@pytest.mark.parametrize("name", ["taps.onnx", STATISTICS, MANIFEST, SIGNATURE])
def test_a_missing_file_is_named(bundle: Path, name: str) -> None:
    """Each of the four is needed."""
    (bundle / name).unlink()
    with pytest.raises(BundleRejected, match=name):
        load(bundle)


def test_an_altered_limit_is_refused(bundle: Path) -> None:
    """Nobody loosens the limit without the release key."""
    manifest = json.loads((bundle / MANIFEST).read_bytes())
    manifest["settings"]["score_limit"] *= 2
    (bundle / MANIFEST).write_bytes(json.dumps(manifest).encode())
    with pytest.raises(BundleRejected, match="signature"):
        load(bundle)


def test_a_machine_that_computes_something_else_is_noticed(bundle: Path) -> None:
    """Signed and whole, but its golden answer is not what comes out here."""
    golden = manifest_of(bundle).golden
    shifted = tuple(value + 0.5 for value in golden.outputs["fine"])
    _sign(bundle, golden=msgspec.structs.replace(golden, outputs={**golden.outputs, "fine": shifted}))
    with pytest.raises(BundleRejected, match="output fine of the golden picture"):
        load(bundle)


def test_a_machine_that_prepares_pictures_otherwise_is_noticed(bundle: Path) -> None:
    """Another OpenCV, another resize: caught before the network hides it."""
    golden = manifest_of(bundle).golden
    shifted = tuple(value + 0.05 for value in golden.preprocessed)
    _sign(bundle, golden=msgspec.structs.replace(golden, preprocessed=shifted))
    with pytest.raises(BundleRejected, match="preprocessing of the golden picture"):
        load(bundle)


def test_a_bundle_without_a_golden_answer_is_refused(bundle: Path) -> None:
    """Leaving the answer out is no way around the check."""
    _sign(bundle, golden=msgspec.structs.replace(manifest_of(bundle).golden, outputs={}))
    with pytest.raises(BundleRejected, match="golden answer names"):
        load(bundle)


def test_a_graph_of_another_size_is_refused(bundle: Path) -> None:
    """The manifest promises pictures that the network does not take."""
    spec = InputSpec(64, 64, 114)
    golden = msgspec.structs.replace(manifest_of(bundle).golden, preprocessed=samples(golden_blob(spec)))
    _sign(bundle, input=spec, golden=golden)
    with pytest.raises(BundleRejected, match="cannot run on"):
        load(bundle)


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "..", "", "sub/taps.onnx", "a\0b"])
def test_a_file_name_cannot_leave_the_bundle(bundle: Path, name: str) -> None:
    """Not even a trusted releaser makes a device read elsewhere."""
    _sign(bundle, files={**manifest_of(bundle).files, name: "0" * 64})
    with pytest.raises(BundleRejected, match="not a plain file name"):
        load(bundle)


def test_a_file_changed_after_the_check_is_not_used(bundle: Path) -> None:
    """What was checked is what runs: the bytes are read once."""
    checked = read_bundle(bundle, public_text(KEY))
    for name in checked.contents:
        (bundle / name).write_bytes(b"swapped")
    graph = load_graph(checked, ("fine", "coarse"))
    assert graph.run(golden_blob(checked.manifest.input))["fine"].shape == (1, 32, 30, 40)


def test_files_of_another_bundle_are_refused(bundle: Path) -> None:
    """Manifest and signature of the counting model beside the files of the inspection model."""
    for name in (MANIFEST, SIGNATURE):
        shutil.copy(WEIGHTS / "shelf" / name, bundle / name)
    with pytest.raises(BundleRejected, match=r"shelf\.onnx"):
        ShelfDetector.load(bundle)


@pytest.mark.parametrize("key", ["", "not base64", "AAAA"])
def test_a_key_that_is_none_is_named_as_the_fault(bundle: Path, key: str) -> None:
    """The bundle is not blamed."""
    with pytest.raises(BundleRejected, match="the trusted key"):
        DefectDetector.load(bundle, key)


def test_a_graph_that_is_none_is_refused(bundle: Path) -> None:
    """Released by mistake: the hash fits, ONNX Runtime does not."""
    (bundle / "taps.onnx").write_bytes(b"not a graph")
    with pytest.raises(BundleRejected, match=r"taps\.onnx"):
        release(bundle, KEY)


def test_bundles_are_not_mistaken_for_each_other() -> None:
    """A counting model does not inspect, an inspection model does not count."""
    with pytest.raises(BundleRejected, match="not a bundle for finding defects"):
        DefectDetector.load(WEIGHTS / "shelf")
    with pytest.raises(BundleRejected, match="not a bundle for counting shelves"):
        ShelfDetector.load(WEIGHTS / "defects")


def test_a_device_needs_no_training_code() -> None:
    """Loading both models brings in neither torch nor scipy nor scikit-learn."""
    code = (
        "import sys; from vision_models.inference.shelf import ShelfDetector; "
        "from vision_models.inference.defects import DefectDetector; "
        "from vision_models.inference import frame_quality; "
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'torch', 'scipy', 'sklearn', 'onnx'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=WEIGHTS.parents[1])
    assert done.stdout.strip() == "[]"


def _touches(verdict: Inspection, box: tuple[int, int, int, int]) -> bool:
    left, top, right, bottom = verdict.regions.boxes_px[0]
    row, column = np.unravel_index(int(verdict.map.argmax()), verdict.map.shape)
    is_hot_inside = box[0] - 24 <= column <= box[2] + 24 and box[1] - 24 <= row <= box[3] + 24
    return bool(left < box[2] and right > box[0] and top < box[3] and bottom > box[1] and is_hot_inside)


def _sign(folder: Path, **changes: object) -> None:
    """Release the manifest again, honestly signed, with these fields changed."""
    payload = msgspec.json.encode(msgspec.structs.replace(manifest_of(folder), **changes))
    (folder / MANIFEST).write_bytes(payload)
    (folder / SIGNATURE).write_text(sign(KEY, payload))
