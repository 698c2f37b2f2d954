"""What happens without being asked: deciding what is due, announcing, settling reviews, forgetting what is old."""
