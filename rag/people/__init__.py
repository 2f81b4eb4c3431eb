"""What people have in a library: accounts, collections, conversations, uploads."""
