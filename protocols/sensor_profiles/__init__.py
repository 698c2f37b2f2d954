"""Register maps of the device types we know, one TOML each, and the code that reads registers by them."""
