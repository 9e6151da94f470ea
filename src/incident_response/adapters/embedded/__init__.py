"""The embedded backend: every durable port on one SQLite file with one writer thread.

Here belong the tables and what is done to them. Not here: what anything in them means.
"""
