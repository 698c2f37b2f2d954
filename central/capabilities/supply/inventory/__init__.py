"""When to order an item again, and how many."""
