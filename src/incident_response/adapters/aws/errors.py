"""What a failure of AWS means: one of our errors, with AWS's own name for it.

Not here: retrying (the SDK below, the runner above).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    TokenRetrievalError,
)
from botocore.exceptions import (
    ConnectionError as NotConnectedError,
)
from botocore.parsers import ResponseParserError

from incident_response.domain.errors import (
    ConflictError,
    IncidentResponseError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    UnavailableError,
    UnknownOutcomeError,
)

_SLOWED = {
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionConflictException",
    "TransactionInProgressException",
}
_ABSENT = {
    "AWS.SimpleQueueService.NonExistentQueue",
    "NoSuchEntity",
    "QueueDoesNotExist",
    "ResourceNotFoundException",
}
_NO_LONGER_OURS = {
    "AWS.SimpleQueueService.MessageNotInflight",
    "MessageNotInflight",
    "ReceiptHandleIsInvalid",
}
_NO_CREDENTIALS = (CredentialRetrievalError, NoCredentialsError, TokenRetrievalError)
"""Who gives them out may not answer now."""
_SESSION_OVER = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}


@contextmanager
def aws_errors(what: str) -> Iterator[None]:
    """Raise AWS's errors as ours; ``what`` says what was tried, as in "sending to the queue x"."""
    try:
        yield
    except ClientError as error:
        raise _of_answer(error, what) from error
    except (NotConnectedError, *_NO_CREDENTIALS) as error:
        raise UnavailableError(f"{what}: {error}") from error
    except (HTTPClientError, IncompleteReadError, ResponseParserError) as error:  # sent, perhaps
        raise UnknownOutcomeError(f"{what}: {error}") from error
    except BotoCoreError as error:
        raise RefusedError(f"{what}: {error}", reason=type(error).__name__) from error


def error_code(error: ClientError) -> str:
    """AWS's name of the refusal, such as ``ResourceNotFoundException``."""
    code: str = error.response.get("Error", {}).get("Code", "")
    return code


def _of_answer(error: ClientError, what: str) -> IncidentResponseError:
    code, words = error_code(error), error.response.get("Error", {}).get("Message", "")
    status: int = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    message = f"{what}: {code}: {words}"
    if code in _SLOWED:
        return RateLimitedError(message)
    if code in _SESSION_OVER:
        return UnavailableError(message)
    if code in _NO_LONGER_OURS or "receipt handle has expired" in words:
        return ConflictError(message)
    if status >= 500:
        return UnknownOutcomeError(message)
    if code in _ABSENT:
        return NotFoundError(message)
    return RefusedError(message, reason=code)
