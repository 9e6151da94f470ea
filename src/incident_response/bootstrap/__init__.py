"""The composition root: settings in, a program out. The only room that names both ports and
adapters.

One file a part: backend, alert intake, vendors, workflows, processor. Not here: starting and
stopping processes (entrypoints), any decision about incidents.
"""
