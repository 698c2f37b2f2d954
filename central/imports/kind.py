"""What a kind of file is: its columns, how a row becomes a record, where records are kept. One file in `kinds/` each."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol

from sqlalchemy import Connection
from typing_extensions import TypeVar

from central.imports.columns import Column, Values
from central.imports.findings import Finding, Ruling
from central.imports.known import Known
from central.store.facts import Fact

RecordT = TypeVar("RecordT", default=Any)
SeenT_contra = TypeVar("SeenT_contra", contravariant=True)


class Overview(Protocol[SeenT_contra]):
    """Looks at all records of a file as they pass, for what no single row shows."""

    def see(self, record: SeenT_contra) -> None:
        """One more record."""
        ...

    def findings(self) -> Sequence[Finding]:
        """What there is to say of the whole file."""
        ...


class NoOverview:
    """Sees nothing in the whole."""

    def see(self, record: object) -> None:
        """Looks away."""

    def findings(self) -> Sequence[Finding]:
        """Nothing."""
        return ()


def no_overview(_known: Known) -> Overview[object]:
    """Of a kind whose rows say all there is to say."""
    return NoOverview()


def as_given(_old: RecordT | None, new: RecordT, _ruling: Ruling) -> RecordT:
    """A record replaces what was known."""
    return new


@dataclass(frozen=True)
class Change(Generic[RecordT]):
    """A record that goes in, and the one on record under the same key."""

    old: RecordT | None
    new: RecordT


@dataclass(frozen=True, kw_only=True)
class Kind(Generic[RecordT]):
    """One kind of file.

    `build` makes a record of a row's values, or None having refused it; `key` names what it is about; `stored` finds the
    records on record under keys; `merged` is what an old and a new record come to; `write` puts changes into the store and
    returns facts that wake decisions.
    """

    name: str
    title: str
    about: str
    columns: tuple[Column, ...]
    build: Callable[[Values, Known, Ruling], RecordT | None]
    key: Callable[[RecordT], str]
    stored: Callable[[Connection, Known, Collection[str]], Mapping[str, RecordT]]
    write: Callable[[Connection, Known, Sequence[Change[RecordT]], str], list[Fact]]
    merged: Callable[[RecordT | None, RecordT, Ruling], RecordT] = as_given
    overview: Callable[[Known], Overview[RecordT]] = no_overview
