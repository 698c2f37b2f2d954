"""From the broker into the store: what devices said is checked, landed in one transaction and then acknowledged."""
