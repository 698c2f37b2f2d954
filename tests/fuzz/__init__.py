"""Hostile bytes for every decoder of both sides, made from good ones: `scripts/fuzz`."""
