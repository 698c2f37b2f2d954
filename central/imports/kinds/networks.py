"""Supply networks as files: places, demands in scenarios, lanes between them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple
from typing import Literal, cast

from sqlalchemy import Connection

from central.imports import columns
from central.imports.columns import Column, Values
from central.imports.findings import Ruling
from central.imports.kind import Change, Kind
from central.imports.kinds import shared
from central.imports.known import Known
from central.store import networks
from central.store.facts import Fact
from central.store.networks import Demand, Facility, Lane, Record
from central.translations.marking import N_

USUAL = "usual"
_STATES = {"free": "free", "open": "open", "closed": "closed", "": "free", "自由": "free", "开放": "open", "关闭": "closed"}


def _facility(values: Values, _known: Known, ruling: Ruling) -> Record | None:
    shared.refuse_negative(values, ("capacity", "fixed_cost"), ruling)
    written = shared.the_text(values, "state").casefold()
    if written not in _STATES:
        ruling.refuse("bad_state", "state", written)
    state = cast(Literal["free", "open", "closed"], _STATES.get(written, "free"))
    capacity, cost = shared.the_number(values, "capacity"), shared.the_number(values, "fixed_cost")
    name = shared.the_text(values, "facility")
    return Facility(_network(values), name, capacity, cost, state, shared.currency(values, ruling))


def _demand(values: Values, _known: Known, ruling: Ruling) -> Record | None:
    shared.refuse_negative(values, ("units",), ruling)
    chance = shared.the_number(values, "chance", 1.0)
    if not 0 < chance <= 1:
        ruling.refuse("bad_chance", "chance", chance)
    scenario = shared.the_text(values, "scenario") or USUAL
    return Demand(
        _network(values), shared.the_text(values, "customer"), scenario, shared.the_number(values, "units"), chance
    )


def _lane(values: Values, _known: Known, ruling: Ruling) -> Record | None:
    shared.refuse_negative(values, ("unit_cost",), ruling)
    facility, customer = shared.the_text(values, "facility"), shared.the_text(values, "customer")
    return Lane(_network(values), facility, customer, shared.the_number(values, "unit_cost"))


def _network(values: Values) -> str:
    return shared.the_text(values, "network")


def _key(record: Record) -> str:
    names = [str(each) for each in astuple(record)]
    return "\t".join(names[:2] if isinstance(record, Facility) else names[:3])


def _stored(conn: Connection, known: Known, keys: Collection[str]) -> Mapping[str, Record]:
    facts = [networks.get(conn, known.site, name) for name in {key.partition("\t")[0] for key in keys}]
    records: list[Record] = []
    for one in facts:
        records += [*one.facilities, *one.demands, *one.lanes]
    return {_key(record): record for record in records if _key(record) in keys}


def _write(conn: Connection, known: Known, changes: Sequence[Change[Record]], _who: str) -> list[Fact]:
    networks.put(conn, known.site, [change.new for change in changes])
    named = sorted({change.new.network for change in changes})
    return [Fact("network", known.site, {"network": name}) for name in named]


_NETWORK = Column("network", ("网络",), columns.words, N_("The network's name"), "north", is_required=True)
_FACILITY = Column(
    "facility", ("depot", "warehouse", "设施", "仓库"), columns.words, N_("The place's name"), "near", is_required=True
)
_CUSTOMER = Column("customer", ("shop", "客户", "门店"), columns.words, N_("Who is served"), "harbour", is_required=True)
FACILITIES: Kind[Record] = Kind(
    name="network_facilities",
    title=N_("Network: places"),
    about=N_("Places that can serve, open or not: one row a place."),
    columns=(
        _NETWORK,
        _FACILITY,
        Column("capacity", ("产能", "容量"), shared.number, N_("Units a period it can serve"), 600, is_required=True),
        Column("fixed_cost", ("固定成本",), shared.number, N_("What it costs a period while open"), 900, is_required=True),
        Column("state", ("状态",), columns.words, N_("free, open or closed; free where empty"), "free"),
        shared.CURRENCY,
    ),
    build=_facility,
    key=_key,
    stored=_stored,
    write=_write,
)
DEMANDS: Kind[Record] = Kind(
    name="network_demands",
    title=N_("Network: demands"),
    about=N_("What customers need a period: one row for each customer and scenario."),
    columns=(
        _NETWORK,
        _CUSTOMER,
        Column("units", ("demand", "需求"), shared.number, N_("Units a period"), 120, is_required=True),
        Column("scenario", ("情景",), columns.words, N_("The scenario; the usual one where empty"), "usual"),
        Column("chance", ("概率",), shared.number, N_("Its chance, between 0 and 1"), 1),
    ),
    build=_demand,
    key=_key,
    stored=_stored,
    write=_write,
)
LANES: Kind[Record] = Kind(
    name="network_lanes",
    title=N_("Network: lanes"),
    about=N_("Who can serve whom at what cost: one row a lane."),
    columns=(
        _NETWORK,
        _FACILITY,
        _CUSTOMER,
        Column("unit_cost", ("cost", "单位成本"), shared.number, N_("What one unit costs on it"), 1.2, is_required=True),
    ),
    build=_lane,
    key=_key,
    stored=_stored,
    write=_write,
)
