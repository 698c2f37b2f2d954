"""A released counting model learns a site's goods; needs torch, which the training environment alone has."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch lives in the training environment only")

import vision_models  # noqa: E402
from vision_models.errors import DataMissing  # noqa: E402
from vision_models.inference.manifest import RELEASE_KEY, InputSpec, read_bundle  # noqa: E402
from vision_models.inference.session import golden_blob, graph_file  # noqa: E402
from vision_models.training.datasets import LabelledPicture  # noqa: E402
from vision_models.training.graph_weights import net_of  # noqa: E402
from vision_models.training.net import Deployed  # noqa: E402
from vision_models.training.release import read_draft  # noqa: E402
from vision_models.training.site import SiteLesson, calibrate  # noqa: E402

BUNDLE = Path(vision_models.__path__[0]) / "weights" / "shelf"


def frame(seed: int) -> LabelledPicture:
    """Two bright things on grey."""
    picture = np.full((120, 160, 3), 90, np.uint8)
    left = 20 + seed
    picture[30:80, left : left + 30] = picture[30:80, left + 60 : left + 90] = (40, 200, 240)
    boxes = np.array([[left, 30, left + 30, 80], [left + 60, 30, left + 90, 80]], np.float32)
    return LabelledPicture(picture, boxes, "site")


def test_the_weights_come_back_out_of_the_graph() -> None:
    """The network rebuilt from the shipped graph answers as the graph does."""
    manifest = read_bundle(BUNDLE).manifest
    spec: InputSpec = manifest.input
    blob, graph = golden_blob(spec), BUNDLE / manifest.graph
    with torch.no_grad():
        scores, boxes = Deployed(net_of(graph, spec.height_px))(torch.from_numpy(blob))
    expected = graph_file(graph).run(blob)
    assert np.allclose(scores.numpy(), expected["scores"], atol=1e-4)
    assert np.allclose(boxes.numpy(), expected["boxes"], atol=1e-2)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_two_frames_give_a_draft_that_can_be_released(tmp_path: Path) -> None:
    """The draft keeps the credits of what it came from, sees what the site asked for and has one limit for all sizes."""
    before = read_bundle(BUNDLE).manifest
    draft = calibrate(BUNDLE, [frame(0), frame(7)], SiteLesson(cpu_s=0.1, side_px=128), tmp_path, RELEASE_KEY.read_text())
    assert read_draft(tmp_path) == draft
    assert draft.credits == before.credits
    assert draft.input == InputSpec(128, 128, before.input.fill)
    assert draft.settings["count_slope"] == 0.0
    assert draft.settings["count_lowest"] == draft.settings["count_highest"] == draft.settings["count_base"]
    assert (tmp_path / draft.graph).read_bytes() != (BUNDLE / before.graph).read_bytes()


def test_one_frame_is_too_few(tmp_path: Path) -> None:
    """Nothing can be left out of one frame, and the error says how many to label."""
    with pytest.raises(DataMissing, match="label at least 2"):
        calibrate(BUNDLE, [frame(0)], SiteLesson(cpu_s=0.1), tmp_path)
