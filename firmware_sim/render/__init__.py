"""Ground truth in, camera frames out. Pure: the same world, light and generator give the same pixels."""
