"""Pixels to detections: inference for the edge, training and evaluation beside it."""
