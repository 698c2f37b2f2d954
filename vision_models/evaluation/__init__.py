"""How good a model is, beside what a trivial answer reaches."""
