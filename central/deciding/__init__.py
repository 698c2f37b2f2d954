"""How any decision is made: gathered, thought out, recorded, announced, reviewed and traced, the same for all."""
