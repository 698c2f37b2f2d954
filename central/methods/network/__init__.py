"""Which facilities to open and who serves whom: a flow model, its prices explained, its contradictions found."""
