"""Setup: edge devices, and one's own account."""
