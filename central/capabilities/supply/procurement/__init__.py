"""Which of the items that are needed go into one order to a supplier, and how many of each."""
