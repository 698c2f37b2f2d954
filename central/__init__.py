"""The house that keeps the truth: ingest, store, decisions, API and console."""
