"""One file a change of the schema, in order of number; one that was released is never edited."""
