"""Who somebody is and what they may do: passwords, sessions, permissions, tokens of programs."""
