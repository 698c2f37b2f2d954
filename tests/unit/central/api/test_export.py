"""The document of the API is the one that would be written now."""

from pathlib import Path

from central.api import export


def test_the_openapi_document_is_fresh() -> None:
    """`python -m central.api.export` would change nothing."""
    committed = Path(__file__).parents[4] / export.TARGET
    assert committed.read_text(encoding="utf-8") == export.document()
