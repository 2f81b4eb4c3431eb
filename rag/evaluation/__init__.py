"""Question sets, measures and reports: how good the answers are, measured on the product's own path."""
