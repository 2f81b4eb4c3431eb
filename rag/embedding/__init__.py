"""Embedders: the one that comes along, a folder's, and those behind endpoints."""
