"""Linear's errors, as they stand in `errors[]` of an answer.

What belongs here: their words and codes, which were seen on the real API. What does not: deciding
when one is due.
"""

from typing import Any

from graphql import GraphQLError


def not_found(entity: str) -> GraphQLError:
    """Return the error for an id that names nothing; there is no code of its own for it."""
    return _error(
        f"Entity not found: {entity}", "INPUT_ERROR", f"Could not find referenced {entity}."
    )


def conflict(entity: str, entity_id: str) -> GraphQLError:
    """Return the error for a client-made id that is taken."""
    return _error(
        f"conflict on insert of {entity}",
        "INPUT_ERROR",
        f"Entity {entity} with id {entity_id} already exists.",
    )


def invalid_argument(name: str, constraint: str, rule: str) -> GraphQLError:
    """Return the error for an argument that breaks a rule, e.g. (`id`, `isUuid`, `must be ..`)."""
    problem = {"property": name, "constraints": {constraint: f"{name} {rule}"}}
    return _error(
        "Argument Validation Error",
        "INVALID_INPUT",
        f"{name} {rule}.",
        validationErrors=[problem],
    )


def _error(message: str, code: str, told: str, **more: Any) -> GraphQLError:
    extensions: dict[str, Any] = {
        "type": "invalid input",
        "code": code,
        "statusCode": 400,
        "userError": True,
        "userPresentableMessage": told,
        **more,
    }
    return GraphQLError(message, extensions=extensions)


def refusal(message: str, kind: str, code: str, *, status: int, told: str) -> dict[str, Any]:
    """Return an error for a call that was refused before anything was executed."""
    extensions = {
        "type": kind,
        "code": code,
        "statusCode": status,
        "userError": True,
        "userPresentableMessage": told,
        "http": {"status": status},
    }
    return {"message": message, "extensions": extensions}


def broken_query(error: GraphQLError, code: str) -> dict[str, Any]:
    """Return the error for a document that cannot be executed."""
    extensions = {
        "http": {"status": 400, "headers": {}},
        "code": code,
        "type": "graphql error",
        "userError": True,
    }
    return {**error.formatted, "extensions": extensions}
