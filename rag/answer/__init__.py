"""The written answer: its prompt, its writing, and where its sources disagree."""
