"""What happened: the session log and all other lasting state, in one SQLite database."""
