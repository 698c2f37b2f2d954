"""SQLAlchemy Core on SQLite. One file a noun: its tables on top, its functions, each taking a Connection, below."""
