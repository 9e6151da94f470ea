"""The webhook process: verifies, parses and durably records alerts, and answers fast.

From the wire inwards: ``guard`` (with ``framing``) lets only well-formed and timely requests
through to aiohttp; ``app`` checks them in a fixed order and answers (``answers``); ``server`` ties
both to a port. ``health`` answers probes on a port of its own. Not here: incidents, the chat, any
vendor.
"""
