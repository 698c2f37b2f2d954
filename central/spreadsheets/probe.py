"""A first look at a workbook, in a process of its own: one that is made to break its reader breaks only that process.

The reader lays a sheet out as a whole rectangle, so two cells in far corners ask for terabytes, and what it cannot get ends
the process it runs in.
"""

import resource
import subprocess
import sys
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from central.errors import SpreadsheetError

MOST_MEMORY_BYTES = 3 * 2**30  # a million rows of ten columns take about a third of it
MOST_S = 120
_UNREADABLE = 3


def probe(path: Path, most_memory_bytes: int = MOST_MEMORY_BYTES, most_s: int = MOST_S) -> None:
    """Raises SpreadsheetError when the reader cannot take the workbook, or not within these limits."""
    command = [sys.executable, "-m", "central.spreadsheets.probe", str(path.absolute()), str(most_memory_bytes), str(most_s)]
    try:
        ended = subprocess.run(command, capture_output=True, timeout=2 * most_s, check=False)
    except subprocess.TimeoutExpired as error:
        raise SpreadsheetError(f"{path.name} takes too long to read: send it in parts, or as CSV") from error
    if ended.returncode == _UNREADABLE:
        why = ended.stderr.decode(errors="replace").strip()[-200:]
        raise SpreadsheetError(f"{path.name} cannot be read as XLSX ({why}): save it anew, without a password")
    if ended.returncode:
        raise SpreadsheetError(f"{path.name} is too large for its reader, or damaged: delete stray cells, or save it as CSV")


def main(path: str, most_memory_bytes: str, most_s: str) -> int:
    """Open every sheet, within the limits."""
    resource.setrlimit(resource.RLIMIT_AS, (int(most_memory_bytes),) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (int(most_s),) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        workbook = CalamineWorkbook.from_path(path)
        for name in workbook.sheet_names:
            workbook.get_sheet_by_name(name)
    except CalamineError as error:
        sys.stderr.write(str(error))
        return _UNREADABLE
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
