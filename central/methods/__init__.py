"""Pure mathematics that several capabilities share."""
