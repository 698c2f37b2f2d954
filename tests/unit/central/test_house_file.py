"""A house of one's own: read whole or refused with every mistake named."""

from pathlib import Path

import pytest

from central import house_file
from central.errors import HouseFileError
from central.store.catalogue import Item, Machine, Shelf, Site, Supplier

SMALL = """
[[sites]]
id = "yard"
label = "The yard"
[[suppliers]]
id = "mill"
label = { en = "Old mill", zh_Hans = "老磨坊" }
lead_time_d = 2
[[items]]
sku = "Flour 1 kg"
label = "Flour"
supplier = "mill"
unit_cost = 0.9
currency = "EUR"
[[cameras]]
id = "cam-1"
label = "Aisle"
[[shelves]]
id = "a-01"
label = "A-01"
aisle = "A"
sku = "Flour 1 kg"
facings = 4
depth = 3
camera = "cam-1"
region = [0.1, 0.1, 0.5, 0.9]
[[machines]]
id = "mixer"
label = "Mixer"
profile = "pump"
"""


def read(folder: Path, text: str) -> house_file.HouseFile:
    file = folder / "house.toml"
    file.write_text(text, encoding="utf-8")
    return house_file.read(file)


def test_a_house_becomes_records_in_the_order_they_refer_to_each_other(tmp_path: Path) -> None:
    """The only site need not be repeated; a label without language is English."""
    records = read(tmp_path, SMALL).records()
    assert [type(record) for record in records[:3]] == [Site, Supplier, Item]
    shelf = next(record for record in records if isinstance(record, Shelf))
    assert (shelf.site, shelf.capacity, shelf.region, shelf.label) == ("yard", 12, [0.1, 0.1, 0.5, 0.9], {"en": "A-01"})
    assert records[-1] == Machine("yard", "mixer", {"en": "Mixer"}, "pump", None)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (
            ('supplier = "mill"', 'supplier = "mil"'),
            "[[items]] 'Flour 1 kg': supplier 'mil' is not in the file; it has mill",
        ),
        (("lead_time_d = 2", "lead_time_d = -2"), "[[suppliers]] 'mill' (number 1): lead_time_d"),
        (('profile = "pump"', 'profile = "pimp"'), "no sensor profile 'pimp'; there are compressor"),
        (('camera = "cam-1"\n', ""), "[[shelves]] 'a-01': camera and region belong together"),
        (("0.5, 0.9]", "0.5, 0.95]"), "the region must lie within 0 and 1"),
        (('[[machines]]\nid = "mixer"', '[[machines]]\nid = "Mixer 1"'), "'Mixer 1' must be 1 to 32 of a-z"),
        (("facings = 4", "faces = 4"), "[[shelves]] 'a-01' (number 1): faces"),
        (('label = "The yard"', 'label = { de = "Hof" }'), "[[sites]] 'yard' (number 1): label"),
        (('currency = "EUR"', 'currency = "euro"'), "currency"),
        (('sku = "Flour 1 kg"\nlabel', 'sku = "Flour\\u0000"\nlabel'), "must be 1 to 64 printable"),
        (('[[sites]]\nid = "yard"', "[[sites]]\nid = 7"), "[[sites]] 7 (number 1): id"),
        (("[[suppliers]]", "[suppliers]"), "[[suppliers]]"),
    ],
)
def test_a_mistake_is_named_by_row_key_and_remedy(tmp_path: Path, change: tuple[str, str], named: str) -> None:
    """Whoever wrote the file finds the place."""
    assert change[0] in SMALL
    with pytest.raises(HouseFileError) as mistake:
        read(tmp_path, SMALL.replace(*change))
    assert named in str(mistake.value)
    assert "nothing was loaded" in str(mistake.value)


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    """Nobody likes to find them one by one."""
    twice = (
        SMALL.replace('sku = "Flour 1 kg"\nfacings', 'sku = "Salt"\nfacings') + '[[sites]]\nid = "shed"\nlabel = "Shed"\n'
    )
    twice += '[[machines]]\nsite = "barn"\nid = "mixer"\nlabel = "M"\n'
    with pytest.raises(HouseFileError) as mistake:
        read(
            tmp_path,
            twice.replace("[[shelves]]", '[[shelves]]\nsite = "yard"')
            .replace("[[cameras]]", '[[cameras]]\nsite = "yard"')
            .replace("[[machines]]\nid", '[[machines]]\nsite = "yard"\nid'),
        )
    assert mistake.value.problems == (
        "[[machines]] 'mixer': site 'barn' is not in the file; it has yard, shed",
        "[[shelves]] 'a-01': sku 'Salt' is not in the file; it has Flour 1 kg",
    )


def test_the_same_row_twice_is_refused(tmp_path: Path) -> None:
    """Which of two would count?"""
    with pytest.raises(HouseFileError, match=r"\[\[cameras\]\] 'yard/cam-1' stands there 2 times; keep one"):
        read(tmp_path, SMALL + '[[cameras]]\nid = "cam-1"\nlabel = "Again"\n')


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"sites = 3",
        b"cameras = [3]\n[[sites]]\nid = 's'\nlabel = 'S'",
        b"[[sites]]\nlabel = 'x'",
        b"\xff\xfe",
        b"not toml at all [",
    ],
)
def test_what_is_no_house_is_refused(tmp_path: Path, content: bytes) -> None:
    """Empty, wrong and unreadable files end in the same kind of error."""
    file = tmp_path / "house.toml"
    file.write_bytes(content)
    with pytest.raises(HouseFileError):
        house_file.read(file)
    with pytest.raises(HouseFileError, match="No such file"):
        house_file.read(tmp_path / "none.toml")
