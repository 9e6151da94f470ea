"""What a group of failures comes down to. Not here: what is done about it."""


def innermost(error: BaseException) -> BaseException:
    """The first single exception inside ``error``, however many task groups it came through."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
