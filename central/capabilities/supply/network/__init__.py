"""Which places to keep open, and who serves whom."""
