"""The one tree of errors. Each says by its place whether another try can help.

::

    IncidentResponseError
    ├── RetryableError                 another try, later, may succeed
    │   ├── RateLimitedError           refused for now; nothing was applied
    │   ├── UnavailableError           not reached, breaker open, or refused; nothing was applied
    │   ├── UnknownOutcomeError        sent, and no answer: it may or may not have been applied
    │   └── ConflictError              somebody else wrote first: read again and decide again
    └── PermanentError                 the same try will fail the same way
        ├── RefusedError               a vendor or a rule said no
        │   ├── NameTakenError
        │   ├── NotAllowedError
    │   │   └── NotInCommandError
    │   ├── WrongStateError        the incident is not where that can be done
        │   └── AutoPublishNotPermittedError  nobody approved exactly this message
        ├── NotFoundError
        ├── LeaseLostError             we are no longer the owner: stop, the new owner goes on
        ├── InvalidAlertError          an alert that cannot be understood
        ├── InvalidConfigurationError
        └── LedgerBrokenError

Not here: how an error is shown to a person (blocks) or over HTTP (entrypoints).
"""

from datetime import timedelta


class IncidentResponseError(Exception):
    """Something went wrong in the incident-response program."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").strip().partition("\n")[0])

    @property
    def code(self) -> str:
        """The stable, machine-readable name: the class name in snake case without ``Error``."""
        name = type(self).__name__.removesuffix("Error")
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


class RetryableError(IncidentResponseError):
    """Another try, later, may succeed."""

    def __init__(self, message: str = "", *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RateLimitedError(RetryableError):
    """The other side asked us to slow down; nothing was applied."""


class UnavailableError(RetryableError):
    """The other side could not be reached; nothing was applied."""


class UnknownOutcomeError(RetryableError):
    """The request was sent and no answer came: it may or may not have been applied."""


class ConflictError(RetryableError):
    """Somebody else wrote first: read again and decide again."""


class PermanentError(IncidentResponseError):
    """The same try would fail the same way."""


class RefusedError(PermanentError):
    """The other side said no."""

    def __init__(self, message: str = "", *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        """The vendor's own error name, such as ``restricted_action``; empty if it gave none."""


class NameTakenError(RefusedError):
    """A channel of this name exists already."""


class NotAllowedError(RefusedError):
    """This person may not do that."""


class NotInCommandError(NotAllowedError):
    """Somebody else is in command, and only they may do that."""

    def __init__(self, message: str = "", *, commander: str = "") -> None:
        super().__init__(message)
        self.commander = commander
        """The chat user who is."""


class NotAnApproverError(NotAllowedError):
    """Only the commander, or a member of the approvers' group, decides what customers are told."""

    def __init__(self, message: str = "", *, commander: str = "", group: str = "") -> None:
        super().__init__(message)
        self.commander = commander
        """The chat user who is in command; empty if nobody is."""
        self.group = group
        """Handle of the chat's user group; empty if none may beside the commander."""


class WrongStateError(RefusedError):
    """The incident is not in a state in which that can be done.

    The message says why and what to do instead.
    """

    def __init__(self, message: str = "", *, by: str = "") -> None:
        super().__init__(message)
        self.by = by
        """The chat user who brought it into that state; empty if that does not matter."""


class AutoPublishNotPermittedError(RefusedError):
    """Nobody approved exactly this message, so it does not go to the status page."""


class NotFoundError(PermanentError):
    """There is no such thing."""


class LeaseLostError(PermanentError):
    """Another processor owns this incident now; it goes on from the journal."""


class InvalidAlertError(PermanentError):
    """The alert cannot be understood.

    ``status`` and ``kind`` follow the bad-input catalogue: 400 for bytes that are no acceptable
    JSON, 422 for JSON of the wrong shape. ``pointers`` are at most five JSON pointers to the
    places at fault, never their values.
    """

    def __init__(
        self, message: str = "", *, status: int, kind: str, pointers: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.pointers = pointers[:5]


class InvalidConfigurationError(PermanentError):
    """A setting is missing or makes no sense."""


class LedgerBrokenError(PermanentError):
    """A ledger's chain does not hold."""

    def __init__(self, message: str = "", *, incident_id: str, seq: int) -> None:
        super().__init__(message)
        self.incident_id = incident_id
        self.seq = seq
