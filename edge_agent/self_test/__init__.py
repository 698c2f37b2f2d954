"""Which form of each network is fastest on this machine, and still right."""
