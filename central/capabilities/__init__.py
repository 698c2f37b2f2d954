"""One folder a capability, grouped by who owns the decision: card.py, inputs.py, model.py, panel.html."""
