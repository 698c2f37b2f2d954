"""A house of one's own as TOML: sites, suppliers, items, cameras, shelves, machines. Read whole or not at all.

Each table's keys are its model's fields below; `site` may be left out where there is one site only. Keys are described in
docs/how-to/operate.md, and `central/demo/house.toml` is an example.
"""

import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from central.errors import HouseFileError
from central.store import catalogue
from protocols.errors import BadIdentifier
from protocols.identity import checked_name, sku_level
from protocols.sensor_profiles.profile import shipped_profiles


def _name(text: str) -> str:
    try:
        return checked_name(text, "the name")
    except BadIdentifier as error:
        raise ValueError(str(error)) from error


def _sku(text: str) -> str:
    try:
        sku_level(text)
    except BadIdentifier as error:
        raise ValueError(str(error)) from error
    return text


def _profile(text: str) -> str:
    if text not in shipped_profiles():
        raise ValueError(f"no sensor profile {text!r}; there are {', '.join(shipped_profiles())}")
    return text


def _inside(region: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    x, y, width, height = region
    if min(width, height) <= 0 or min(x, y) < 0 or x + width > 1 or y + height > 1:
        raise ValueError("x, y, width, height are fractions of the frame: the region must lie within 0 and 1")
    return region


def _labelled(label: object) -> object:
    return {"en": label} if isinstance(label, str) else label


Name = Annotated[str, AfterValidator(_name)]
Sku = Annotated[str, AfterValidator(_sku)]
Text = Annotated[str, Field(min_length=1, max_length=120)]
Label = Annotated[
    dict[Annotated[str, Field(pattern="^(en|zh_Hans)$")], Text], BeforeValidator(_labelled), Field(min_length=1)
]
Count = Annotated[int, Field(ge=1, le=100_000)]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SiteRow(_Row):
    """`[[sites]]`."""

    id: Name
    label: Label


class SupplierRow(_Row):
    """`[[suppliers]]`: lead time and its standard deviation in days."""

    id: Name
    label: Label
    lead_time_d: Annotated[float, Field(gt=0, le=730)]
    lead_time_sd_d: Annotated[float, Field(ge=0, le=365)] = 0.0
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None


class ItemRow(_Row):
    """`[[items]]`: unit cost in `currency`, pack size in units."""

    sku: Sku
    label: Label
    supplier: Name
    pack_size: Count = 1
    unit_cost: Annotated[float, Field(ge=0)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]


class CameraRow(_Row):
    """`[[cameras]]`: `device` is the agent that reads it."""

    site: Name
    id: Name
    label: Label
    device: Name | None = None


class ShelfRow(_Row):
    """`[[shelves]]`: facings x depth units fit; region is x, y, width, height as fractions of the camera's frame."""

    site: Name
    id: Name
    label: Label
    aisle: Text
    sku: Sku
    facings: Count
    depth: Count = 1
    camera: Name | None = None
    region: Annotated[tuple[float, float, float, float], AfterValidator(_inside)] | None = None


class MachineRow(_Row):
    """`[[machines]]`: `profile` is its register map, `device` the agent that listens to it."""

    site: Name
    id: Name
    label: Label
    profile: Annotated[str, AfterValidator(_profile)] | None = None
    device: Name | None = None


class HouseFile(_Row):
    """The whole file."""

    sites: Annotated[list[SiteRow], Field(min_length=1)]
    suppliers: list[SupplierRow] = []
    items: list[ItemRow] = []
    cameras: list[CameraRow] = []
    shelves: list[ShelfRow] = []
    machines: list[MachineRow] = []

    def records(self) -> list[catalogue.Record]:
        """The rows for the store; what is referred to comes first."""
        return [
            *(catalogue.Site(row.id, row.label) for row in self.sites),
            *(catalogue.Supplier(r.id, r.label, r.lead_time_d, r.lead_time_sd_d, r.email) for r in self.suppliers),
            *(catalogue.Item(**row.model_dump()) for row in self.items),
            *(catalogue.Camera(row.site, row.id, row.label, row.device) for row in self.cameras),
            *(_shelf(row) for row in self.shelves),
            *(catalogue.Machine(row.site, row.id, row.label, row.profile, row.device) for row in self.machines),
        ]


def read(path: Path) -> HouseFile:
    """The house in `path`. Raises HouseFileError with a line for each mistake: the row, its key and the remedy."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise HouseFileError(str(path), (f"{error.strerror}; see central/demo/house.toml for an example",)) from error
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, a list in 1,000 lists
        raise HouseFileError(str(path), (f"not TOML: {error}",)) from error
    with_sites = _with_the_only_site(raw)
    try:
        house = HouseFile.model_validate(with_sites)
    except ValidationError as error:
        raise HouseFileError(str(path), tuple(_worded(with_sites, problem) for problem in error.errors())) from error
    if problems := tuple(_contradictions(house)):
        raise HouseFileError(str(path), problems)
    return house


def _shelf(row: ShelfRow) -> catalogue.Shelf:
    region = None if row.region is None else list(row.region)
    return catalogue.Shelf(row.site, row.id, row.label, row.aisle, row.sku, row.facings, row.depth, row.camera, region)


def _with_the_only_site(raw: dict[str, Any]) -> dict[str, Any]:
    match raw.get("sites"):
        case [{"id": site}]:
            located = {name: raw[name] for name in ("cameras", "shelves", "machines") if isinstance(raw.get(name), list)}
            return raw | {name: [_at(site, row) for row in rows] for name, rows in located.items()}
        case _:
            return raw


def _at(site: object, row: object) -> object:
    return {"site": site, **row} if isinstance(row, dict) else row


def _worded(raw: dict[str, Any], problem: Any) -> str:
    table, *rest = problem["loc"] or ("file",)
    row = next((part for part in rest if isinstance(part, int)), None)
    key = ".".join(str(part) for part in rest if part != row)
    where = f"[[{table}]]" if row is None else f"[[{table}]] {_called(raw, table, row)}"
    return f"{where}: {key + ': ' if key else ''}{problem['msg']}"


def _called(raw: dict[str, Any], table: str, row: int) -> str:
    written = raw[table][row]
    name = written.get("id", written.get("sku")) if isinstance(written, dict) else None
    return f"{name!r} (number {row + 1})" if name else f"number {row + 1}"


def _contradictions(house: HouseFile) -> Iterator[str]:
    yield from _twice("sites", [row.id for row in house.sites])
    yield from _twice("suppliers", [row.id for row in house.suppliers])
    yield from _twice("items", [row.sku for row in house.items])
    for table, rows in (("cameras", house.cameras), ("shelves", house.shelves), ("machines", house.machines)):
        yield from _twice(table, [f"{row.site}/{row.id}" for row in rows])
        for row in rows:
            yield from _unknown(f"[[{table}]] {row.id!r}", "site", row.site, [site.id for site in house.sites])
    for item in house.items:
        yield from _unknown(f"[[items]] {item.sku!r}", "supplier", item.supplier, [s.id for s in house.suppliers])
    for shelf in house.shelves:
        yield from _unknown(f"[[shelves]] {shelf.id!r}", "sku", shelf.sku, [item.sku for item in house.items])
        cameras = [camera.id for camera in house.cameras if camera.site == shelf.site]
        yield from _unknown(f"[[shelves]] {shelf.id!r}", "camera", shelf.camera, cameras)
        if (shelf.camera is None) != (shelf.region is None):
            yield f"[[shelves]] {shelf.id!r}: camera and region belong together; give both or neither"


def _twice(table: str, names: Sequence[str]) -> Iterator[str]:
    for name, times in Counter(names).items():
        if times > 1:
            yield f"[[{table}]] {name!r} stands there {times} times; keep one"


def _unknown(where: str, key: str, name: str | None, known: Sequence[str]) -> Iterator[str]:
    if name is not None and name not in known:
        yield f"{where}: {key} {name!r} is not in the file; it has {', '.join(known) or 'none'}"
