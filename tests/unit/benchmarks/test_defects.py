"""The benchmarks of defects and of calibration: they run on made-up parts and boards."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import calibration, defects
from benchmarks.report import Options


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Grainy grey cookies, some with a hole, and boards of which each test picture has one gap."""
    rng = np.random.default_rng(1)
    for split, count in (("train/good", 12), ("test/good", 4), ("test/cracked", 4)):
        folder = tmp_path / "vision" / "cookie" / split
        folder.mkdir(parents=True)
        for number in range(count):
            part = np.clip(120 + rng.normal(0, 12, (96, 128, 3)), 0, 255).astype(np.uint8)
            if split == "test/cracked":
                cv2.circle(part, (60, 40), 14, (0, 0, 0), -1)
            cv2.imwrite(str(folder / f"{number}.jpg"), part)
    boards = tmp_path / "vision" / "deeppcb"
    boards.mkdir()
    for number in range(12):
        template = np.zeros((160, 160, 3), np.uint8)
        template[30:50, 20:140] = template[90:110, 20:140] = 255
        flawed = template.copy()
        flawed[25:55, 60:80] = 0
        cv2.imwrite(str(boards / f"{number:02}_temp.jpg"), template)
        cv2.imwrite(str(boards / f"{number:02}_test.jpg"), flawed)
        (boards / f"{number:02}.txt").write_text("58 25 82 55 1\n")
    return tmp_path


def test_defects_run_on_made_up_parts(data: Path) -> None:
    """A hole is told from grain, the gaps of the boards are found, and nothing else."""
    found = defects.measure(Options(data=data, quick=True, json=True)).figures
    assert (found["cookie_auroc"], found["cookie_recall"]) == (1.0, 1.0)
    assert (found["deeppcb_recall_at_1_false_region"], found["deeppcb_false_regions"]) == (1.0, 0.0)


def test_calibration_runs_on_made_up_parts(data: Path) -> None:
    """Both rates are held against what came."""
    found = calibration.measure(Options(data=data, quick=True, json=True))
    assert {"draws", "realised_over_promised_max", "realised_over_promised_min"} == found.figures.keys()
    assert {row[0] for row in found.rows[1:]} == {"cookie", "pooled"}
