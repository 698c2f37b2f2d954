"""Pixels to detections: `inference` runs on the edge, `training` and `evaluation` never do."""
