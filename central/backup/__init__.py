"""Copies of a house, made while it runs: database, evidence by hash, secrets; checked, and put back under a new epoch."""
