"""What a device can see or sense: one folder a task, found by its `card.py`."""
