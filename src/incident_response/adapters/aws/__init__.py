"""The durable ports on AWS: SQS, EventBridge Scheduler, Secrets Manager.

Not here: which backend an installation uses (bootstrap).
"""
