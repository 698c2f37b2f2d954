"""tallyhouse: the commands of the centre, one file a group; `main.py` puts them together."""
