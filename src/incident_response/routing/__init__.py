"""The shapes of a command, an action, an event handler and an alert source, and the tables that
find one.

A thing an operator can name is one module that exports one frozen spec, and one entry in its
room's tuple. Here belongs what derives from those specs: help, scope, nearest verb, dispatch. Not
here: what any of them does.
"""
