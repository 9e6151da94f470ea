"""Linear's stand-in: the GraphQL API over one team's issues, and what it keeps.

What belongs here: a small schema that is a part of Linear's, its execution and its state. What
does not: the pages people read (`sandbox/page/issue_tracker.py`).
"""
