"""What events make the centre believe, one file a fact: pure, (state, event) → state."""
