"""Models that the centre releases: fetched, checked, tried, swapped in, and taken back when they do not work."""
