"""What this house is: its name, whether it is the demo, and the epoch that a restored backup renews."""

from sqlalchemy import Column, String, Table

from central.store.metadata import metadata

house = Table("house", metadata, Column("key", String, primary_key=True), Column("value", String, nullable=False))
