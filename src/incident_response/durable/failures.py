"""What a group of failures comes down to. Not here: what is done about it."""

from incident_response.domain.errors import IncidentResponseError, RetryableError


def innermost(error: BaseException) -> BaseException:
    """The gravest single exception inside ``error``, however many task groups it came through: a
    defect before a failure that stays, that before one that may pass.
    """
    return min(_singles(error), key=_hope)


def _singles(error: BaseException) -> list[BaseException]:
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    return [single for inner in error.exceptions for single in _singles(inner)]


def _hope(error: BaseException) -> int:
    return isinstance(error, IncidentResponseError) + isinstance(error, RetryableError)
