"""Words, sentences and characters of texts, and what is kept from whom (pure)."""
