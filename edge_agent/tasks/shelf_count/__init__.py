"""How many units of an item stand on a shelf?"""
