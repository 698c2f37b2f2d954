"""Drains announcements: rows first, spoken after commit, each at least once."""
