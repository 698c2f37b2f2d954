"""One file a kind of import: its columns, its records, where they are kept."""
