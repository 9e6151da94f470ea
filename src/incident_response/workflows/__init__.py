"""What we do, one capability a file: folding alerts, assembling the war room, roles, checklist,
nudges.

Here belong decisions and their order, over ports. Not here: vendors, wires, how anything is drawn
(blocks) or found (routing).
"""
