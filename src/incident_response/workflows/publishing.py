"""Publishes what was approved, once, and finds out what became of it."""
