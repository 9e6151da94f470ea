"""The web page of the sandbox: a Slack workspace a person can open in a browser.

Here belong server-rendered HTML, its style and its plain JavaScript, and the routes that serve
them. State and rules (who may see what, what a click sends) belong to ``sandbox.slack``; what the
vendors answer belongs to ``sandbox.vendors``. Nothing here decides, it shows and passes on.
"""
