"""When to ask, and telling those who listen."""
