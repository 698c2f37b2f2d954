"""How long suppliers take: quantiles that lean on their kind, kept honest by what came, and a card of lateness. Pure."""
