"""tallyhouse-models tells figures and names what is wrong."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from firmware_sim.render.picture_set import app as picture_set
from vision_models import cli
from vision_models.errors import DataMissing

WEIGHTS = Path(__file__).parents[3] / "vision_models" / "weights"
COMMANDS = [
    *(["train", what] for what in ("shelf", "yolo", "rule", "defects")),
    *(["judge", what] for what in ("shelf", "defects")),
    ["evaluate"],
    ["compare"],
    ["release"],
]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_shows_an_example(command: list[str]) -> None:
    """Help of every command has one."""
    shown = CliRunner().invoke(cli.app, [*command, "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    assert "Example: tallyhouse-models" in shown.output


def test_counting_figures_come_as_json(tmp_path: Path) -> None:
    """Pictures written by the simulator are read, counted and told in one object."""
    CliRunner().invoke(picture_set, ["shelves", "--out", str(tmp_path), "--frames", "2", "--seed", "4000002"])
    shown = CliRunner().invoke(
        cli.app,
        ["judge", "shelf", "--bundle", str(WEIGHTS / "shelf"), "--images", str(tmp_path / "images"), "--labels",
         str(tmp_path / "labels"), "--taught", str(tmp_path / "labels"), "--json"],
    )  # fmt: skip
    figures = json.loads(shown.output)
    assert figures["model"]["pictures"] == 8
    assert figures["model"]["count_mae"] < figures["constant"]["count_mae"]


def test_inspection_figures_come_as_a_table(tmp_path: Path) -> None:
    """Good parts and three kinds of flaws, the grey level beside."""
    for name, extra in (("taught", []), ("parts", ["--bad", "2"])):
        CliRunner().invoke(picture_set, ["parts", "--out", str(tmp_path / name), "--good", "3", "--seed", "4000003", *extra])
    shown = CliRunner().invoke(
        cli.app,
        ["judge", "defects", "--bundle", str(WEIGHTS / "defects"), "--parts", str(tmp_path / "parts"), "--taught",
         str(tmp_path / "taught" / "good")],
    )  # fmt: skip
    assert [word in shown.output for word in ("grey level", "recall", "recall scratch")] == [True] * 3


def test_a_model_is_compared_with_itself(tmp_path: Path) -> None:
    """Same bundle, same losses: not shown to be better, which is exit code 1."""
    CliRunner().invoke(picture_set, ["shelves", "--out", str(tmp_path), "--frames", "1", "--seed", "4000004"])
    folder = str(WEIGHTS / "shelf")
    shown = CliRunner().invoke(cli.app, ["compare", folder, folder, "--frames", str(tmp_path), "--json"])
    found = json.loads(shown.stdout)
    assert (shown.exit_code, found["verdict"], found["old"]) == (1, "not_shown", found["new"])
    assert found["differences"][0]["difference"]["n"] == 4


def test_good_parts_alone_are_no_test_set(tmp_path: Path) -> None:
    """Without a flaw there is no recall: the folder and what is missing in it are named."""
    CliRunner().invoke(picture_set, ["parts", "--out", str(tmp_path), "--good", "1", "--seed", "4000005"])
    arguments = ["--bundle", str(WEIGHTS / "defects"), "--parts", str(tmp_path), "--taught", str(tmp_path / "good")]
    shown = CliRunner().invoke(cli.app, ["judge", "defects", *arguments])
    assert isinstance(shown.exception, DataMissing)
    assert "each kind of flaw" in str(shown.exception)


def test_what_is_wrong_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A corrupt picture ends the program with its name and exit code 1, without a traceback."""
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "broken.jpg").write_bytes(b"no picture")
    arguments = [
        "judge",
        "defects",
        "--bundle",
        str(WEIGHTS / "defects"),
        "--parts",
        str(tmp_path),
        "--taught",
        str(tmp_path),
    ]
    monkeypatch.setattr("sys.argv", ["tallyhouse-models", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert "broken.jpg" in capsys.readouterr().err


def test_a_course_shows_on_one_line_how_much_of_its_time_is_spent(capsys: pytest.CaptureFixture[str]) -> None:
    """A bar that grows; the line ends with the course."""
    for share in (0.0, 0.5, 1.0):
        cli._bar_on_stderr(share)
    begun, half, done = capsys.readouterr().err.split("\r")[1:]
    assert [text.count("#") for text in (begun, half, done)] == [0, 20, 40]
    assert "50% of the time" in half
    assert (half.endswith("\n"), done.endswith("\n")) == (False, True)
