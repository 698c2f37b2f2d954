"""Prices and promotions: what is known of a day before it comes."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import cast

from sqlalchemy import Connection

from central.imports import columns
from central.imports.columns import Column, Values
from central.imports.findings import Ruling
from central.imports.kind import Change, Kind
from central.imports.kinds import shared
from central.imports.known import Known
from central.store import prices, promotions
from central.store.facts import Fact
from central.store.prices import Price
from central.store.promotions import KINDS, Promotion
from central.translations.marking import N_

_EVER = (date(1970, 1, 1), date(2200, 12, 31))
_IN_CHINESE = {"特价": "price", "降价": "price", "陈列": "display", "海报": "mailer", "捆绑": "bundle", "其他": "other"}


def _build_promotion(values: Values, known: Known, ruling: Ruling) -> Promotion | None:
    sku = shared.known_sku(values, known, ruling)
    begins, ends = cast(date, values["from_day"]), cast(date, values["until_day"])
    if ends < begins:
        ruling.refuse("ends_before_it_begins", "until_day", ends)
    written = shared.the_text(values, "kind").casefold() or "price"
    kind = _IN_CHINESE.get(written, written)
    if kind not in KINDS:
        ruling.refuse("bad_promotion_kind", "kind", written)
    shared.refuse_negative(values, ("price",), ruling)
    price, discount = cast(float | None, values["price"]), _share(values, ruling)
    display, mailer = bool(values["display"]) or kind == "display", bool(values["mailer"]) or kind == "mailer"
    if price is None and discount is None and kind == "price" and not (display or mailer):
        ruling.refuse("nothing_promoted", "price")
    return Promotion(
        sku=sku, from_day=begins, until_day=ends, kind=kind, price=price, discount=discount, display=display, mailer=mailer
    )


def _share(values: Values, ruling: Ruling) -> float | None:
    """A discount as a share: 0.25 and 25 are the same."""
    written = cast(float | None, values["discount"])
    if written is None:
        return None
    share = written / 100 if written > 1 else written
    if not 0 < share < 1:
        ruling.refuse("bad_share", "discount", written)
    return share


def _promotion_key(each: Promotion) -> str:
    return f"{each.sku}\t{each.from_day}\t{each.kind}"


def _stored_promotions(conn: Connection, known: Known, _keys: Collection[str]) -> Mapping[str, Promotion]:
    return {_promotion_key(each): each for each in promotions.between(conn, known.site, *_EVER)}


def _write_promotions(conn: Connection, known: Known, changes: Sequence[Change[Promotion]], _who: str) -> list[Fact]:
    promotions.put(conn, known.site, [change.new for change in changes])
    return []


def _build_price(values: Values, known: Known, ruling: Ruling) -> Price | None:
    sku, currency = shared.known_sku(values, known, ruling), shared.currency(values, ruling)
    shared.note_other_currency(sku, currency, known, ruling)
    shared.refuse_below_one(values, ("price",), ruling)
    return Price(sku, cast(date, values["from_day"]), shared.the_number(values, "price"), currency)


def _price_key(each: Price) -> str:
    return f"{each.sku}\t{each.from_day}"


def _stored_prices(conn: Connection, known: Known, keys: Collection[str]) -> Mapping[str, Price]:
    skus = {key.partition("\t")[0] for key in keys}
    return {_price_key(each): each for sku in skus for each in prices.history(conn, known.site, sku)}


def _write_prices(conn: Connection, known: Known, changes: Sequence[Change[Price]], _who: str) -> list[Fact]:
    prices.put(conn, known.site, [change.new for change in changes])
    return []


_FROM = Column(
    "from_day",
    ("from", "begins", "start", "开始日期", "生效日期"),
    shared.day,
    N_("First day"),
    "2026-12-01",
    is_required=True,
)
PROMOTIONS: Kind[Promotion] = Kind(
    name="promotions",
    title=N_("Promotions"),
    about=N_("What is promoted, past and planned: one row for each item and stretch of days."),
    columns=(
        shared.SKU,
        _FROM,
        Column(
            "until_day",
            ("until", "to", "ends", "end", "结束日期"),
            shared.day,
            N_("Last day"),
            "2026-12-07",
            is_required=True,
        ),
        Column("kind", ("type", "促销类型"), columns.words, N_("price, display, mailer, bundle or other"), "price"),
        Column("price", ("promotion price", "促销价"), shared.number, N_("Price of one unit while it runs"), 1.49),
        Column("discount", ("off", "折扣"), shared.number, N_("Share off, as 0.25 or 25"), None),
        Column("display", ("second place", "陈列"), columns.truth, N_("Whether it stands in a second place too"), "yes"),
        Column("mailer", ("leaflet", "newsletter", "海报"), columns.truth, N_("Whether it is in the leaflet"), "no"),
    ),
    build=_build_promotion,
    key=_promotion_key,
    stored=_stored_promotions,
    write=_write_promotions,
)
PRICES: Kind[Price] = Kind(
    name="prices",
    title=N_("Prices"),
    about=N_("What a unit costs our customers: one row for each change of a price."),
    columns=(
        shared.SKU,
        _FROM,
        Column(
            "price",
            ("shelf price", "retail price", "售价", "零售价"),
            shared.number,
            N_("Price of one unit"),
            2.19,
            is_required=True,
        ),
        shared.CURRENCY,
    ),
    build=_build_price,
    key=_price_key,
    stored=_stored_prices,
    write=_write_prices,
)
