"""What is true: alerts, incidents, severities, roles, ledger entries, errors.

Here belong frozen values and pure functions over them. Not here: input and output, clocks,
settings, vendors' words.
"""
