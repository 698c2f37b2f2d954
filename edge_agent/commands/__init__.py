"""What the centre can ask a device to do once: one file an action, a journal that remembers, a desk that carries out."""
