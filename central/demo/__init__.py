"""A believable small company on embedded defaults: what `tallyhouse up` shows to a newcomer."""
