"""Tables of the commerce data: a CSV where there is one, else a Parquet file through an interpreter that has pyarrow.

$TALLYHOUSE_PARQUET_PYTHON names that interpreter (`uv venv DIR; uv pip install --python DIR/bin/python pyarrow`).
"""

import csv
import io
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.datasets import DataMissing, data_folder, files

VARIABLE = "TALLYHOUSE_PARQUET_PYTHON"
_WRITER = Path(__file__).parent / "peers" / "parquet_to_csv.py"

Rows = list[dict[str, str]]


def rows(data: Path | None, pattern: str, columns: Sequence[str] = ()) -> Rows:
    """The rows of the one table that matches under `commerce/`, without its suffix. Raises DataMissing.

    columns: only these of a large Parquet file; none for all.
    """
    found = files(data_folder(data) / "commerce", f"{pattern}.*")
    written = next((path for path in found if path.suffix == ".csv"), None)
    text = written.read_text(encoding="utf-8") if written else _converted(found[0], columns)
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _converted(path: Path, columns: Sequence[str]) -> str:
    interpreter = os.environ.get(VARIABLE)
    if interpreter is None:
        raise DataMissing(f"{path} takes pyarrow: name an interpreter that has it with ${VARIABLE}")
    command = [interpreter, str(_WRITER), str(path), *columns]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        raise DataMissing(f"{path} cannot be read by {interpreter}: {done.stderr.strip()[-300:]}")
    return done.stdout
