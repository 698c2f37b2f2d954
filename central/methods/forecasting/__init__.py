"""What will be asked for: classical smoothing, counts, one global model, and their blend, as means and quantiles. Pure."""
