"""What a check of the doctor is, what it is given, and what it may find.

To add a check: a file beside this one that exports ``check = Check(...)``, and its line in
``CHECKS``. Not here: any check, the order of them (the table), how findings are shown
(entrypoints.doctor_main).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from incident_response.adapters.slack.client import SlackClient
from incident_response.bootstrap.vendors import Connection
from incident_response.ports.clock import Clock
from incident_response.settings import Settings


class Health(StrEnum):
    """How it stands."""

    OK = "ok"
    OFF = "off"
    """Not configured, and the program works without it."""
    WRONG = "wrong"


class Process(StrEnum):
    """Whose settings are looked at: the two hold different secrets."""

    WEBHOOK = "webhook"
    PROCESSOR = "processor"


EVERY_PROCESS = frozenset(Process)
ONLY_WEBHOOK = frozenset({Process.WEBHOOK})
ONLY_PROCESSOR = frozenset({Process.PROCESSOR})


@dataclass(frozen=True, slots=True)
class Found:
    """What one look found."""

    health: Health
    text: str
    """For people, in a few words, without a secret."""
    remedy: str = ""
    """What to do; empty where the text says it, or nothing is to be done."""


def fine(text: str) -> Found:
    """All is well."""
    return Found(Health.OK, text)


def off(text: str, remedy: str = "") -> Found:
    """It is not configured; the program works without it."""
    return Found(Health.OFF, text, remedy)


def wrong(text: str, remedy: str = "") -> Found:
    """Somebody has to do something."""
    return Found(Health.WRONG, text, remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """The installation that is looked at."""

    settings: Settings
    slack: SlackClient | None
    """None without a bot token."""
    connection: Connection
    """To make a vendor's adapter with."""

    @property
    def clock(self) -> Clock:
        """This machine's."""
        return self.connection.clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that has to hold."""

    name: str
    """For people; no two are the same."""
    remedy: str = ""
    """What to do if it cannot be found out why it fails."""
    processes: frozenset[Process] = EVERY_PROCESS
    """Who needs it."""
    applies: Callable[[Settings], bool] = lambda _settings: True
    """Whether it makes sense in this installation, such as on one backend only."""
    look: Callable[[Patient], Awaitable[Found]]
    """Raises one of ``domain.errors`` for what is wrong."""
