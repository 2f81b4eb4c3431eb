"""Answers from your own documents, with a source behind every sentence."""
