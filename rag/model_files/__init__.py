"""Model files: which they are, by their hashes, and where they come from."""
