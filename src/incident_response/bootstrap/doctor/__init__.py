"""The doctor: whether this installation would work, asked of everything it is connected to.

It changes nothing but one schedule, which it makes and deletes (aws_schedules), so it may be asked
beside a processor at work. To add a check: its file here, and its line in ``CHECKS``; one that
needs one backend says so by ``applies``. Not here: the command line (entrypoints.doctor_main).
"""

from incident_response.bootstrap.doctor import (
    alert_keys,
    aws_account,
    aws_intake,
    aws_keys,
    aws_ledger_key,
    aws_queues,
    aws_schedules,
    aws_tables,
    clock_skew,
    embedded_store,
    half_configured,
    policy,
    slack_channels,
    slack_socket,
    slack_token,
    telemetry,
    vendors,
)
from incident_response.bootstrap.doctor.check import Check, Found, Health, Process
from incident_response.bootstrap.doctor.examine import Finding, examine

__all__ = ["CHECKS", "Check", "Finding", "Found", "Health", "Process", "examine"]

CHECKS: tuple[Check, ...] = (
    policy.check,
    alert_keys.check,
    embedded_store.check,
    aws_account.check,
    aws_keys.check,
    aws_intake.check,
    aws_tables.check,
    aws_queues.check,
    aws_schedules.check,
    aws_ledger_key.check,
    slack_token.check,
    slack_socket.check,
    slack_channels.check,
    clock_skew.check,
    telemetry.check,
    half_configured.check,
    *vendors.checks,
)
"""In the order in which they are told: what everything rests on first."""

_names = [check.name for check in CHECKS]
assert len(_names) == len(set(_names)), "two checks have one name"
