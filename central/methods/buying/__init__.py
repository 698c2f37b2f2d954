"""What to buy of whom for limited money: options that keep each item's rules, plans that keep the rest, a checker. Pure."""
