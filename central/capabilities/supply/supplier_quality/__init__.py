"""How closely to look at what a supplier sends, from what cameras found in it."""
