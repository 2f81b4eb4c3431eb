"""Where a library is kept: its tables and transactions, on SQLite and on PostgreSQL."""
