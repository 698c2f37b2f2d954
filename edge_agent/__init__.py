"""On the device: sources, tasks, outbox and link."""
