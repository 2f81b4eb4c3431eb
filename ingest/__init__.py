"""Files to passages in a library."""
