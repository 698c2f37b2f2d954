"""One file a family of messages, each a frozen msgspec struct."""
