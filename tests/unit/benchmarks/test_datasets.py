"""Where data is looked for, and what is said when it is not there."""

from pathlib import Path

import pytest

from benchmarks.datasets import VARIABLE, DataMissing, data_folder, files


def test_an_option_wins_over_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearer wish counts."""
    (tmp_path / "given").mkdir()
    (tmp_path / "named").mkdir()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "named"))
    assert data_folder(tmp_path / "given") == tmp_path / "given"
    assert data_folder(None) == tmp_path / "named"


def test_missing_data_is_named_with_the_remedy(tmp_path: Path) -> None:
    """Not a stack trace from deep inside a benchmark."""
    with pytest.raises(DataMissing, match="--data DIR"):
        data_folder(tmp_path / "nowhere")
    with pytest.raises(DataMissing, match=r"no \*\*/\*\.csv under"):
        files(tmp_path, "**/*.csv")


def test_files_come_in_order_of_name(tmp_path: Path) -> None:
    """The same order on every machine."""
    for name in ("b.csv", "a.csv", "c.txt"):
        (tmp_path / name).write_text("")
    assert [path.name for path in files(tmp_path, "*.csv")] == ["a.csv", "b.csv"]
