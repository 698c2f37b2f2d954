"""What an import came to: counts, the rows that somebody should look at, and what is to say of the whole file."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from central.imports.findings import Finding, State, Verdict
from central.imports.words import worded
from central.spreadsheets.table import Cell

MOST_SHOWN = 200
HEADINGS = ("row", "verdict", "column", "code", "written", "what")
STATES: tuple[State, ...] = ("new", "changed", "unchanged", "refused")


@dataclass(frozen=True)
class Report:
    """Rows by verdict; `noted` counts rows that were taken with a remark. `shown`: the first rows with anything to say."""

    counts: dict[State, int]
    noted: int
    shown: tuple[Verdict, ...]
    codes: dict[str, int]
    findings: tuple[Finding, ...]

    @property
    def rows(self) -> int:
        """Rows that were read."""
        return sum(self.counts.values())


class Tally:
    """Counts verdicts as they pass."""

    def __init__(self) -> None:
        self.rows = 0
        self._counts: Counter[State] = Counter()
        self._codes: Counter[str] = Counter()
        self._noted = 0
        self._shown: list[Verdict] = []

    def counted(self, verdicts: Iterable[Verdict], progress: Callable[["Tally"], None] | None = None) -> Iterator[Verdict]:
        """The same verdicts, counted; `progress` is called after each."""
        for verdict in verdicts:
            self.rows += 1
            self._counts[verdict.state] += 1
            said = (*verdict.faults, *verdict.notes)
            self._codes.update(finding.code for finding in said)
            self._noted += verdict.state != "refused" and bool(verdict.notes)
            if said and len(self._shown) < MOST_SHOWN:
                self._shown.append(verdict)
            if progress is not None:
                progress(self)
            yield verdict

    def report(self, findings: Sequence[Finding] = ()) -> Report:
        """What it has come to so far."""
        counts = {state: self._counts[state] for state in STATES}
        return Report(counts, self._noted, tuple(self._shown), dict(self._codes), tuple(findings))


def lines(verdict: Verdict, translated: Callable[[str], str] = str) -> Iterator[tuple[Cell, ...]]:
    """A verdict as lines of a table under HEADINGS: one for each thing found, one where nothing was."""
    for finding in (*verdict.faults, *verdict.notes) or (None,):
        if finding is None:
            yield verdict.row, verdict.state, "", "", "", ""
        else:
            yield verdict.row, verdict.state, finding.column, finding.code, finding.written, worded(finding, translated)
