"""Stand-ins for the vendors around Slack, one a file, each on its vendor's own wire.

What belongs here: paths, authentication, errors, pagination and payloads as each vendor has them.
What does not: the facts they show, which come from the company and from the alerts fired.
"""
