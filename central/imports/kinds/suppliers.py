"""Suppliers: how long they take, and what holds for every order with them."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from central.imports import columns
from central.imports.columns import Column, Values
from central.imports.findings import Ruling
from central.imports.kind import Change, Kind
from central.imports.kinds import shared
from central.imports.known import Known
from central.store import catalogue, supplier_terms
from central.store.catalogue import Supplier
from central.store.facts import Fact
from central.store.supplier_terms import SupplierRules
from central.translations.marking import N_

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CHINESE = "一二三四五六日"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True)
class SupplierRow:
    """A supplier and its rules."""

    supplier: Supplier
    rules: SupplierRules


def weekdays(written: str) -> tuple[int, ...]:
    """'Mon Thu', '1,4' or '周一 周四' as (0, 3). Raises ValueError for anything else."""
    found = {_weekday(word) for word in re.split(r"[\s,;/、，+]+", written.casefold()) if word}
    return tuple(sorted(found))


def _weekday(word: str) -> int:
    if word.isascii() and word.isdecimal() and 1 <= int(word) <= 7:
        return int(word) - 1
    chinese = re.fullmatch(r"(?:周|星期|礼拜)([一二三四五六日天])", word)
    if chinese:
        return _CHINESE.index(chinese[1].replace("天", "日"))
    return _WEEKDAYS.index(word[:3])


def _build(values: Values, _known: Known, ruling: Ruling) -> SupplierRow | None:
    name, email = shared.the_text(values, "supplier"), shared.the_text(values, "email") or None
    shared.check_name(name, "supplier", ruling)
    shared.refuse_negative(values, ("lead_time_d", "lead_time_sd_d", "min_order_value", "freight_per_order"), ruling)
    lead_time_d = shared.the_number(values, "lead_time_d")
    if lead_time_d == 0:
        ruling.refuse("zero_lead_time", "lead_time_d", 0)
    if email is not None and not _EMAIL.fullmatch(email):
        ruling.refuse("bad_email", "email", email)
    supplier = Supplier(name, shared.label(values, name), lead_time_d, shared.the_number(values, "lead_time_sd_d"), email)
    rules = SupplierRules(
        supplier=name,
        currency=shared.currency(values, ruling),
        min_order_value=shared.the_number(values, "min_order_value"),
        order_weekdays=_order_weekdays(values, ruling),
        freight_per_order=shared.the_number(values, "freight_per_order"),
        transport=shared.the_text(values, "transport") or None,
    )
    return SupplierRow(supplier, rules)


def _order_weekdays(values: Values, ruling: Ruling) -> tuple[int, ...]:
    written = shared.the_text(values, "order_weekdays")
    try:
        return weekdays(written)
    except ValueError:
        ruling.refuse("bad_weekday", "order_weekdays", written)
        return ()


def _merged(old: SupplierRow | None, new: SupplierRow, _ruling: Ruling) -> SupplierRow:
    if old is None:
        return new
    before, after = old.supplier, new.supplier
    kept = replace(after, label=before.label | after.label, email=after.email or before.email)
    return SupplierRow(kept, new.rules)


def _stored(conn: Connection, known: Known, keys: Collection[str]) -> Mapping[str, SupplierRow]:
    rules = supplier_terms.every_rules(conn)
    suppliers = {each.supplier: each for each in catalogue.all_of(conn, Supplier)}
    nothing = {name: SupplierRules(supplier=name, currency="") for name in known.suppliers}
    return {
        name: SupplierRow(suppliers[name], (nothing | rules)[name])
        for name in keys
        if name in suppliers and name in nothing | rules
    }


def _write(conn: Connection, _known: Known, changes: Sequence[Change[SupplierRow]], _who: str) -> list[Fact]:
    catalogue.put(conn, [change.new.supplier for change in changes])
    supplier_terms.put_rules(conn, [change.new.rules for change in changes])
    return []


KIND: Kind[SupplierRow] = Kind(
    name="suppliers",
    title=N_("Suppliers"),
    about=N_("Who sells to us: one row a supplier."),
    columns=(
        shared.SUPPLIER,
        Column("name", ("label", "名称", "供应商名称"), columns.words, N_("What people call it"), "Northfield Foods"),
        Column(
            "name_zh", ("chinese name", "中文名", "中文名称"), columns.words, N_("What it is called in Chinese"), "北野食品"
        ),
        Column(
            "lead_time_d",
            ("lead time", "lead time days", "交货期", "交期天数"),
            shared.number,
            N_("Days from order to receipt"),
            2.5,
            is_required=True,
        ),
        Column("lead_time_sd_d", ("lead time sd", "交货期标准差"), shared.number, N_("Its standard deviation in days"), 0.5),
        Column(
            "email",
            ("e-mail", "mail", "邮箱", "电子邮件"),
            columns.words,
            N_("Where orders go"),
            "orders@northfield.example",
        ),
        shared.CURRENCY,
        Column(
            "min_order_value", ("minimum order value", "最小订单金额"), shared.number, N_("Least value of an order"), 150
        ),
        Column(
            "order_weekdays",
            ("order days", "下单日"),
            columns.words,
            N_("Days on which it takes orders; any where empty"),
            "Mon Thu",
        ),
        Column("freight_per_order", ("freight", "运费"), shared.number, N_("Cost of each delivery"), 25),
        Column("transport", ("mode", "运输方式"), columns.words, N_("How it comes, as in road or sea"), "road"),
    ),
    build=_build,
    key=lambda record: record.supplier.supplier,
    stored=_stored,
    write=_write,
    merged=_merged,
)
