"""Alerts in files of one folder while the store cannot take them.

::

    <name>            what is appended to: one line a record, synced before an append returns
    <name>.draining   the same file, moved away, while its records are handed over
    <name>.bad        lines that could not be read, for a person to look at

Several processes of one machine may share them. ``spool`` writes, ``claim`` hands over, ``files``
locks. Not here: when anything is spooled (workflows.accept_alert).
"""
