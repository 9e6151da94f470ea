"""Processes: parse arguments, build, run, stop.

Here belong the command line, listeners and the life of a process. Not here: what the program does.
"""
