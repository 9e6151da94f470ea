"""A local Slack workspace and local vendors over the real wire protocols, with a web page.

What belongs here: everything a daemon would meet on the other end of its connections (Slack's Web
API and Socket Mode, Grafana OnCall, Mimir, Loki, Tempo, WorkOS, GitHub), a believable small
company to fill them, fault switches on every route, and a page for people. What does not: anything
of the product. The sandbox imports none of it, is configured with addresses and keys only, and
listens on loopback alone.
"""
