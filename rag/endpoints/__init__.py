"""Calls to servers of models: retries, limits, a circuit, and what their errors mean."""
