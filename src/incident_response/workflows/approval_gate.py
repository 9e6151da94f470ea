"""Drafts, edits, rejects and approves messages to customers."""
