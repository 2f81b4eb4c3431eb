"""What keeps a library whole over the years: migrations, backups, removals."""
