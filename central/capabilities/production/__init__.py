"""What production decides."""
