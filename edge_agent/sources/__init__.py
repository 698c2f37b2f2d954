"""Where samples come from: cameras, buses, recordings."""
