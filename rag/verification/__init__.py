"""Whether an answer's sentences are borne out by the sources, and by which (pure)."""
