"""The fake hardware of a warehouse: cameras, machines and a till that speak the real protocols."""
