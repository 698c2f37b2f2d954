"""Decisions of the people who buy and hold stock."""
