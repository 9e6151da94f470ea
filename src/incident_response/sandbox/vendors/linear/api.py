"""Linear's one address: POST a GraphQL document, read `errors` before `data`.

What belongs here: authentication, statuses, headers and the order of things around an execution.
What does not: what fields mean (`resolvers.py`). A fault knows a call by its first root field:
`linear.issueCreate`, `linear.issue`; what cannot be read is `linear.graphql`.
"""

import json
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import web
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    OperationDefinitionNode,
    Visitor,
    execute_sync,
    parse,
    validate,
    visit,
)

from incident_response.sandbox.vendors.desk import same
from incident_response.sandbox.vendors.linear.errors import broken_query, not_found, refusal
from incident_response.sandbox.vendors.linear.quota import Quota
from incident_response.sandbox.vendors.linear.resolvers import Root, load_schema
from incident_response.sandbox.vendors.linear.tracker import Tracker
from incident_response.sandbox.vendors.world import World

log = structlog.get_logger(__name__)

PATH = "/linear/graphql"
_DEEPEST_TOKENS = 20_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it was read; `document` is None for one that cannot be parsed."""

    document: DocumentNode | None
    problem: dict[str, Any] | None
    variables: dict[str, Any] | None
    operation: str | None

    @property
    def target(self) -> str:
        """What faults and the log call it: its first root field."""
        for definition in self.document.definitions if self.document else ():
            if isinstance(definition, OperationDefinitionNode):
                for selection in definition.selection_set.selections:
                    if isinstance(selection, FieldNode):
                        return f"linear.{selection.name.value}"
        return "linear.graphql"


class Linear:
    """The API over one tracker, for callers with one key."""

    def __init__(self, world: World, tracker: Tracker, key: str, *, quota: Quota) -> None:
        self._world = world
        self._schema = load_schema()
        self._root = Root(tracker, world.clock.now).fields()
        self._key = key
        self._quota = quota

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        asked = read(await request.read())

        async def admitted() -> web.StreamResponse:
            return self._refused(request) or self._executed(request, asked)

        return await self._world.board.guarded(
            request, asked.target, admitted, error_body=_fault, rate_limit_status=400
        )

    def _refused(self, request: web.Request) -> web.Response | None:
        given = request.headers.get("Authorization", "")
        if same(given, self._key):
            return None
        if same(given.removeprefix("Bearer "), self._key):
            words = "It looks like you're trying to use an API key as a Bearer token."
            told = f"{words} Remove the Bearer prefix from the Authorization header."
            problem = refusal(told, "invalid input", "INPUT_ERROR", status=400, told=told)
            return _failed(400, problem)
        told = "You need to authenticate to access this operation."
        message = "Authentication required, not authenticated"
        problem = refusal(
            message, "authentication error", "AUTHENTICATION_ERROR", status=401, told=told
        )
        return _failed(401, problem)

    def _executed(self, request: web.Request, asked: Asked) -> web.Response:
        if asked.document is None:
            return _failed(400, asked.problem or {})
        complexity = _complexity(asked.document)
        if not self._quota.admits(complexity):
            return _limited(self._quota.headers(complexity))
        broken = validate(self._schema, asked.document)
        if broken:
            problems = [broken_query(error, "GRAPHQL_VALIDATION_FAILED") for error in broken]
            return _failed(400, *problems)
        result = execute_sync(
            self._schema,
            asked.document,
            self._root,
            str(request.url.origin()),
            asked.variables,
            asked.operation,
        )
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            body["errors"] = [_told(error) for error in result.errors]
        # Nothing was executed where a variable did not fit: that is a bad request.
        never_ran = result.errors and all(error.path is None for error in result.errors)
        headers = self._quota.headers(complexity)
        return web.json_response(body, status=400 if never_ran else 200, headers=headers)


def routes(world: World, tracker: Tracker, key: str, *, quota: Quota) -> list[web.RouteDef]:
    """Return Linear's one route, for callers with this key."""
    return [web.post(PATH, Linear(world, tracker, key, quota=quota).answer)]


def read(raw: bytes) -> Asked:
    """Read a request's body: its document, or what is wrong with it."""
    try:
        given = json.loads(raw)
        if not isinstance(given, dict) or not isinstance(given.get("query"), str):
            raise GraphQLError("POST body missing, or it has no query.")
        document = parse(given["query"], max_tokens=_DEEPEST_TOKENS)
    except GraphQLError as error:
        return Asked(None, broken_query(error, "GRAPHQL_PARSE_FAILED"), None, None)
    except (ValueError, RecursionError):
        problem = broken_query(GraphQLError("The body is not JSON."), "BAD_REQUEST")
        return Asked(None, problem, None, None)
    variables, operation = given.get("variables"), given.get("operationName")
    return Asked(
        document,
        None,
        variables if isinstance(variables, dict) else None,
        operation if isinstance(operation, str) else None,
    )


def _failed(status: int, *problems: dict[str, Any]) -> web.Response:
    return web.json_response({"errors": list(problems)}, status=status)


def _limited(headers: dict[str, str]) -> web.Response:
    told = "You have exceeded the rate limit. Please try again later."
    problem = refusal("Rate limit exceeded", "ratelimited", "RATELIMITED", status=400, told=told)
    return web.json_response({"errors": [problem]}, status=400, headers=headers)


def _fault(code: str) -> web.Response:
    """Return the error of a fault; `not_found` is an issue that cannot be read yet."""
    if code == "ratelimited":
        return _limited({"X-RateLimit-Requests-Remaining": "0"})
    if code == "not_found":
        errors = [dict(not_found("Issue").formatted)]
        return web.json_response({"data": None, "errors": errors})
    problem = refusal(code, "internal error", code.upper(), status=500, told=code)
    return web.json_response({"data": None, "errors": [problem]})


def _told(error: GraphQLError) -> dict[str, Any]:
    """Return an error as it is answered; one that is ours is logged and says little."""
    if error.extensions:
        return dict(error.formatted)
    if error.path is None:
        return broken_query(error, "BAD_USER_INPUT")
    log.error("linear_field_failed", path=error.path, exc_info=error.original_error)
    told = "Something went wrong."
    return refusal(told, "internal error", "INTERNAL_SERVER_ERROR", status=500, told=told)


class _Fields(Visitor):
    """Counts the fields of a document."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def enter_field(self, *_: object) -> None:
        self.count += 1


def _complexity(document: DocumentNode) -> int:
    fields = _Fields()
    visit(document, fields)
    return fields.count
