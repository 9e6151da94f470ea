"""What we need from the world, one Protocol a file, in domain terms.

Here belong needs and the values they speak of. Not here: any technology, vendor or decision.
"""
