"""What is said of a row: its verdict, what is wrong with it, what is worth a look. Codes; `words.py` has the sentences."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

State = Literal["new", "changed", "unchanged", "refused"]


@dataclass(frozen=True)
class Finding:
    """One thing about a row or a file. `column` is a column's name, or empty; `written` is what stands there, shortened."""

    code: str
    column: str = ""
    written: str = ""


@dataclass(frozen=True)
class Verdict:
    """What becomes of one row. A refused one has faults and changes nothing; `notes` stop nothing."""

    row: int
    state: State
    faults: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()


class Ruling:
    """Collects what is found in one row while its record is built."""

    def __init__(self) -> None:
        self.faults: list[Finding] = []
        self.notes: list[Finding] = []

    def refuse(self, code: str, column: str, written: object = "") -> None:
        """The row cannot be taken."""
        self.faults.append(Finding(code, column, f"{written}"[:80]))

    def refuse_if(self, checks: Mapping[tuple[str, str], tuple[bool, object]]) -> None:
        """Refuse for each (code, column) whose claim is true; beside the claim stands what was written."""
        for (code, column), (is_wrong, written) in checks.items():
            if is_wrong:
                self.refuse(code, column, written)

    def note(self, code: str, column: str, written: object = "") -> None:
        """The row is taken, and somebody should know."""
        self.notes.append(Finding(code, column, f"{written}"[:80]))
