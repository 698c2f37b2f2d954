"""Files that people bring: one table of columns a kind, a verdict for each row, and what is right goes in."""
