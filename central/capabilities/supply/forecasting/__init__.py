"""How much of each item will be wanted, from what was sold and from when its shelf was seen empty."""
