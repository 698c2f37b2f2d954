"""The outbox: what this device concluded and the centre has not acknowledged, on disk."""
