"""What people see in the chat: domain object in, message or modal as Block Kit JSON out.

Pure: no I/O, no clock, no settings. The one place where text is escaped. Not here: what a click
or a command does (actions, commands), how a message travels (adapters).
"""
