"""Who is to be called into a room: names from the on-call product and the directory, matched to
chat users.

Nobody is guessed: a person without an exact match is listed for the commander, not invited.
"""

import asyncio

from incident_response.domain.errors import IncidentResponseError, RetryableError
from incident_response.domain.model import UserId, Value
from incident_response.domain.people import ChatUser, Person, Roster
from incident_response.ports.chat import Chat


class Called(Value):
    """People of one source who can be invited, in the source's order, and those who cannot."""

    users: tuple[UserId, ...] = ()
    on_call: tuple[UserId, ...] = ()
    """Those of ``users`` who are on call now, first first."""
    unresolved: tuple[str, ...] = ()
    note: str = ""
    """What is unsure about the list: partial, remembered, cut."""


async def match_people(chat: Chat, roster: Roster) -> Called:
    """Match every person of ``roster``, all at once.

    Raises ``RetryableError`` if the chat answered for nobody.
    """
    found = await asyncio.gather(*(_match(chat, person) for person in roster.people))
    failures = [e for e in found if isinstance(e, RetryableError)]
    if failures and len(failures) == len(found):
        raise failures[0]
    users: dict[UserId, Person] = {}
    unresolved = list(roster.unresolved)
    for person, match in zip(roster.people, found, strict=True):
        if isinstance(match, ChatUser) and match.may_respond:
            users.setdefault(match.user_id, person)
        else:
            unresolved.append(f"{person.name}: {_why_not(match)}")
    return Called(
        users=tuple(users),
        on_call=tuple(u for u, person in users.items() if person.level == 0),
        unresolved=tuple(unresolved),
        note=_note(roster),
    )


async def _match(chat: Chat, person: Person) -> ChatUser | IncidentResponseError | None:
    try:
        if person.user_id is not None:
            return await chat.user(person.user_id)
        return await chat.user_by_email(person.email) if person.email else None
    except IncidentResponseError as error:
        return error


def _why_not(match: ChatUser | IncidentResponseError | None) -> str:
    if match is None:
        return "no chat account with this address"
    if isinstance(match, IncidentResponseError):
        return str(match)
    if match.is_deactivated:
        return "their chat account is deactivated"
    return "a guest's or bot's account is never invited"


def _note(roster: Roster) -> str:
    notes = []
    if roster.is_stale:
        notes.append("a remembered list: the source did not answer")
    if roster.is_partial:
        of = f" of {roster.total}" if roster.total else ""
        notes.append(f"{len(roster.people)}{of} people")
    return "; ".join(notes)
