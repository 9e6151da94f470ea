"""Slack: the chat port over the Web API, and what people do over Socket Mode.

The only place that imports ``slack_sdk`` and ``slack_bolt``. Not here: what a message
looks like (blocks), and what a click or a command means (commands, actions, events).
"""
