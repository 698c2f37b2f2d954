"""Generated documents are those that would be generated now."""

from pathlib import Path

import jsonschema
import msgspec
import pytest

from protocols import codec, export
from protocols.messages.registry import EventData, kind_of
from tests import makers

GENERATED = Path(__file__).parents[2] / "docs/reference/generated"


def test_the_contract_documents_are_fresh() -> None:
    """`python -m protocols.export` would change nothing."""
    committed = {path.name: path.read_text(encoding="utf-8") for path in GENERATED.glob("*.json")}
    assert committed == export.documents()


@pytest.mark.parametrize(
    "data", [makers.shelf_count(), makers.defect(), makers.equipment_anomaly(), makers.sensor_summary()], ids=kind_of
)
def test_a_valid_message_fits_its_schema(data: EventData) -> None:
    """The schema that third parties read accepts what our code sends."""
    kind = kind_of(data)
    schema = export.schemas()[f"{kind.replace('/', '.')}.schema.json"]
    jsonschema.Draft202012Validator(schema).validate(msgspec.json.decode(codec.encode(data)))
