"""Pure physics of the simulated site, with ground truth: nothing here reads a clock, a file or a socket."""
