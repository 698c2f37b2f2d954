"""Alembic: the only place where the schema changes."""
