"""A local Slack: Web API, Socket Mode and what people do in a workspace, over the real wire.

Here belongs what Slack itself would know. Not here: the page that draws it, the other vendors,
and anything of the product that talks to it.
"""
