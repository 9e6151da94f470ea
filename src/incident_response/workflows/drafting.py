"""Asks a writer, redacted, within a budget; else a template."""
