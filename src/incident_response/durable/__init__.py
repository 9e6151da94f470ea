"""Work that survives a crash: plans of named steps, their runner, and the loops over queue and
inbox.

Here belongs what is true of any durable work. Not here: what the work is (workflows), any vendor
or wire.
"""
