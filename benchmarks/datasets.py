"""Where benchmark data is: `--data DIR`, else $TALLYHOUSE_DATA, else ../shared/data beside the project.

The only file that may name these places. DIR is a folder with `sensors/`, `vision/`, … as docs/benchmarks.md describes.
"""

import os
from pathlib import Path

VARIABLE = "TALLYHOUSE_DATA"
_BESIDE_THE_PROJECT = Path(__file__).resolve().parents[2] / "shared" / "data"


class DataMissing(Exception):
    """A benchmark's data is not there; the message names the folder and the remedy."""


def data_folder(given: Path | None) -> Path:
    """The folder that holds all data. Raises DataMissing."""
    named = given or (Path(os.environ[VARIABLE]) if VARIABLE in os.environ else _BESIDE_THE_PROJECT)
    if not named.is_dir():
        raise DataMissing(f"{named} is no folder: name the data with --data DIR or ${VARIABLE}")
    return named


def files(folder: Path, pattern: str) -> list[Path]:
    """The files under `folder` that match, in order of name. Raises DataMissing when there is none."""
    found = sorted(path for path in folder.glob(pattern) if path.is_file())
    if not found:
        raise DataMissing(f"no {pattern} under {folder}: is --data laid out as docs/benchmarks.md describes?")
    return found
