"""The sentence for each code that an import can find, with the remedy. `{written}` is what stands in the cell."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from central.imports.findings import Finding
from central.translations.marking import N_

WORDS: Mapping[str, str] = MappingProxyType(
    {
        # cells
        "missing": N_("This cell must not be empty"),
        "formula": N_("{written} is a formula: paste its value"),
        "too_long": N_("The text is longer than 500 characters: shorten it"),
        "no_number": N_("{written} is no number: digits, and one decimal sign at most"),
        "ambiguous_number": N_("{written} can be read in two ways: say whether point or comma is the decimal sign"),
        "out_of_measure": N_("{written} is too large to be meant"),
        "fraction": N_("{written} must be a whole number of units"),
        "no_day": N_("{written} is no day: write it as 2026-11-24"),
        "two_digit_year": N_("{written}: write the year with four digits"),
        "ambiguous_day": N_("{written} can be two days: say whether the day or the month comes first"),
        "no_truth": N_("{written}: write yes or no"),
        # references
        "bad_sku": N_("{written}: an item number has 1 to 64 printable characters"),
        "bad_name": N_("{written}: a name here has 1 to 32 of a-z, 0-9 and -"),
        "unknown_sku": N_("There is no item {written}: import the catalogue first"),
        "unknown_supplier": N_("There is no supplier {written}: import the suppliers first"),
        "unknown_location": N_("There is no location {written}: load the house file first"),
        # quantities and money
        "negative": N_("{written} must not be negative"),
        "not_positive": N_("{written} must be more than 0"),
        "zero_lead_time": N_("A lead time of {written} days: write the days from order to receipt, 0.1 for the same day"),
        "bad_currency": N_("{written}: a currency is three capital letters, as in EUR"),
        "bad_share": N_("{written}: a discount is a share between 0 and 1, or percent"),
        "bad_breaks": N_("{written}: price breaks are written as 100:1.20; 500:1.05, more units for less money"),
        "less_than_minimum": N_("{written} is less than the least that is sold"),
        # days
        "ends_before_it_begins": N_("It ends on {written}, before it begins"),
        "before_the_order": N_("{written} is before the order"),
        "in_the_future": N_("{written} lies in the future"),
        # words
        "bad_state": N_("{written}: a place is free, open or closed"),
        "bad_chance": N_("{written}: a chance is more than 0 and at most 1"),
        "bad_email": N_("{written} is no e-mail address"),
        "bad_weekday": N_("{written}: weekdays are written as Mon Thu, or 1 to 7"),
        "bad_promotion_kind": N_("{written}: a promotion is price, display, mailer, bundle or other"),
        "nothing_promoted": N_("Give a price, a discount, a display or a mailer: else nothing is promoted"),
        "received_without_day": N_("{written} units came, but there is no day of receipt"),
        # rows
        "contradicts_row": N_(
            "Row {written} says something else of the same: keep one of them, or add order and line numbers"
        ),
        "repeats_row": N_("The same as row {written}: taken once"),
        # notes
        "taken_as_return": N_("{written} units sold: taken as units brought back"),
        "zero_units": N_("Nothing was sold: kept as a day on which it could have been"),
        "part_of_a_unit": N_("{written} units: taken as it is, check that the item is sold by weight or length"),
        "pack_changed": N_("The pack was {written}: open orders and history stay in units"),
        "currency_changed": N_("The currency was {written}: costs before and after cannot be compared"),
        "cost_jumped": N_("It cost {written} before: more than half as much again, or less than half"),
        "other_currency": N_("{written} is not the currency of the item: costs cannot be compared"),
        "same_day_receipt": N_("Received when it was ordered: a lead time of 0 days teaches little"),
        "more_than_ordered": N_("{written} units came, more than were ordered"),
        "delisted": N_("The item has been delisted since {written}"),
        "stock_differs": N_("The book said {written}: an adjustment brings it there"),
        # files
        "unknown_heading": N_("Column {written} is not known and left out"),
        "no_sales_between": N_("No sales at all from {written}: is a file missing?"),
        "never_sold": N_("Items of the catalogue without a sale in this file: {written}"),
        "no_longer_sold": N_("Items not sold in the last half year of this file: {written}"),
        "new_items": N_("Items with less than eight weeks of sales in this file: {written}"),
        "currencies_mixed": N_("More than one currency: {written}. Costs in different currencies are not added up"),
    }
)


def worded(finding: Finding, translated: Callable[[str], str] = str) -> str:
    """The sentence for a finding, in English unless `translated` knows better."""
    return translated(WORDS[finding.code]).replace("{written}", finding.written)
