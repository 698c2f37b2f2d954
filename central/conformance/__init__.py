"""Whether a device keeps the contract: what it says is read by our own models, what it does is tried out on it."""
