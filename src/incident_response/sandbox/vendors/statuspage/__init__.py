"""Statuspage's stand-in: the page's API, and what it keeps.

What belongs here: components, incidents and their updates on Statuspage's own wire. What does not:
the public page people read (`sandbox/page/status_page.py`).
"""
