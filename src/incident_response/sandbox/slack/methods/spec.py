"""What a Web API method is: its name, arguments, errors, scopes and tier, and what it does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from incident_response.sandbox.slack.arguments import Argument, arguments
from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.interactions import Triggers
from incident_response.sandbox.slack.model import Channel, Json
from incident_response.sandbox.slack.workspace import Workspace

Caller = Literal["bot", "app", "anyone", "nobody"]  # whose token a method takes
ScopesByKind = Mapping[str, tuple[str, ...]]  # channel kind -> any one of these scopes

# Errors every method may give, over and above those of its own page.
ANY_METHOD = frozenset(
    {
        "fatal_error",
        "internal_error",
        "invalid_arguments",
        "invalid_auth",
        "invalid_json",
        "json_not_object",
        "missing_scope",
        "not_allowed_token_type",
        "not_authed",
        "ratelimited",
        "unknown_method",
    }
)


@dataclass(frozen=True, slots=True)
class Doors:
    """What some methods hand out besides records: sockets, upload addresses, trigger checks."""

    triggers: Triggers
    socket_url: Callable[[], str]
    upload_url: Callable[[str], str]
    team_url: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Call:
    """One call under way: who calls (`actor`, the app's bot user), with what, and on what.

    `args` are the arguments the method knows, decoded; `raw` is all that came but the token.
    """

    workspace: Workspace
    doors: Doors
    args: Json
    raw: Json

    @property
    def actor(self) -> str:
        return self.workspace.app.bot_user_id

    def get(self, name: str, default: Any = None) -> Any:
        """The argument's value in its own type, or `default` when it was not given."""
        return self.args.get(name, default)

    def require(self, *any_of: str) -> None:
        """Raise `missing_scope` unless the token has one of these."""
        provided = self.workspace.app.bot_scopes
        if not set(any_of) & set(provided):
            raise missing_scope(any_of, provided)

    def channel(self, scopes: ScopesByKind, argument: str = "channel") -> Channel:
        """The channel an argument names, seen by the caller, with the scope its kind needs."""
        channel = self.workspace.channels.seen_by(self.actor, str(self.args.get(argument, "")))
        self.require(*scopes[channel.kind])
        return channel


Handler = Callable[[Call], Json]


@dataclass(frozen=True, slots=True)
class Method:
    """A method as its reference page has it; `scopes` is any-of, empty when none is needed.

    `errors` are those of the page that this sandbox can give.
    """

    name: str
    handle: Handler
    args: tuple[Argument, ...]
    errors: frozenset[str]
    scopes: tuple[str, ...]
    tier: str
    takes_json: bool
    caller: Caller = "bot"

    def may_give(self, error: str) -> bool:
        """Whether the page, or the list for all methods, has the error."""
        return error in self.errors or error in ANY_METHOD


def method(
    name: str,
    handle: Handler,
    *,
    tier: str,
    args: str = "",
    errors: str = "",
    scopes: str | ScopesByKind = "",
    takes_json: bool = True,
    caller: Caller = "bot",
) -> Method:
    """Write a `Method` down: `args` as `arguments` reads them, errors and scopes as words."""
    needed = tuple(scopes.split()) if isinstance(scopes, str) else _union(scopes)
    return Method(
        name=name,
        handle=handle,
        args=arguments(args),
        errors=frozenset(errors.split()),
        scopes=needed,
        tier=tier,
        takes_json=takes_json,
        caller=caller,
    )


def missing_scope(needed: tuple[str, ...], provided: tuple[str, ...]) -> SlackError:
    """The refusal, which says what was needed and what the token has."""
    return SlackError("missing_scope", needed=",".join(needed), provided=",".join(provided))


def _union(scopes: ScopesByKind) -> tuple[str, ...]:
    return tuple(dict.fromkeys(scope for kind in scopes.values() for scope in kind))
