"""How much to keep: what will be asked for while waiting, levels that serve it, and what they would have served. Pure."""
