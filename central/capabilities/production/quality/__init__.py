"""Whether the parts that a line makes next will fail, and whether to hold them."""
