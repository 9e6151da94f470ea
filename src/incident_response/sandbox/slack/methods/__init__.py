"""The Web API, one method family a file: a method is a function and an entry in its table.

Here belongs what a method's page says: arguments, errors, scopes, answers. Not here: the wire
around it (`server`), and what the workspace does (`channels`, `messages`, ...).
"""

from incident_response.sandbox.slack.methods import (
    bookmarks,
    chat,
    conversations,
    files,
    history,
    membership,
    pins,
    reactions,
    scheduling,
    team,
    usergroups,
    users,
    views,
)
from incident_response.sandbox.slack.methods.spec import Method

METHODS: dict[str, Method] = {
    method.name: method
    for family in (
        team,
        users,
        usergroups,
        conversations,
        membership,
        history,
        chat,
        scheduling,
        pins,
        bookmarks,
        reactions,
        views,
        files,
    )
    for method in family.METHODS
}
