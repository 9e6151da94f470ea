"""Who stands behind a step of an escalation ladder now: whoever is on call, whoever has a role,
and the company's contacts.

Nobody is guessed, and one question that gets no answer does not hide the other people. Not here:
calling them (calling), when (escalation).
"""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from datetime import timedelta

import structlog

from incident_response.domain.errors import IncidentResponseError, UnavailableError
from incident_response.domain.incident import Incident
from incident_response.domain.model import UserId, Value
from incident_response.domain.people import Roster
from incident_response.domain.policy import ON_CALL, Policy, Rung
from incident_response.domain.roles import Role
from incident_response.ports.chat import Chat
from incident_response.ports.on_call import OnCall
from incident_response.workflows.call_responders import match_people

DEADLINE = timedelta(seconds=8)
"""For one question about people; who is not known by then is not called by this step."""

log = structlog.get_logger(__name__)


class People(Value):
    """People who can be called, and those who were meant and cannot."""

    users: tuple[UserId, ...] = ()
    addresses: tuple[str, ...] = ()
    """E-mail addresses, for a pager."""
    unresolved: tuple[str, ...] = ()


class RungPeople:
    """Finds them."""

    def __init__(self, *, chat: Chat, on_call: OnCall | None, policy: Policy) -> None:
        self._chat = chat
        self._on_call = on_call
        self._policy = policy

    async def behind(self, incident: Incident, rungs: Sequence[Rung]) -> People:
        """Everybody behind ``rungs``, each once, in their order. Raises nothing of a vendor's."""
        names = dict.fromkeys(who for rung in rungs for who in rung.who)
        asked = (self._separately(name, self._named(incident, name)) for name in names)
        return _together(await asyncio.gather(*asked))

    async def next_on_call(self, incident: Incident) -> People:
        """Whoever is on call after the first. Raises nothing of a vendor's."""
        return await self._separately(ON_CALL, self._people_on_call(incident, is_next=True))

    async def _separately(self, name: str, asking: Awaitable[People]) -> People:
        try:
            async with asyncio.timeout(DEADLINE.total_seconds()):
                return await asking
        except TimeoutError:
            error: IncidentResponseError = UnavailableError("no answer in time")
        except IncidentResponseError as failure:
            error = failure
        log.warning("cannot find whom to call", who=name, reason=str(error))
        address = self._policy.contacts.get(name, "")
        return People(
            addresses=(address,) if address else (), unresolved=(f"{_label(name)}: {error}",)
        )

    async def _named(self, incident: Incident, name: str) -> People:
        if name == ON_CALL:
            return await self._people_on_call(incident)
        role = Role.parse(name)
        if role is not None and name not in self._policy.contacts:
            return await self._holder(incident, role)
        return await self._contact(name)

    async def _people_on_call(self, incident: Incident, *, is_next: bool = False) -> People:
        if self._on_call is None:
            return _nobody(ON_CALL, "no on-call product is connected")
        roster = await self._on_call.responders(
            incident.route, team=incident.team, service=incident.service
        )
        later = (person.level for person in roster.people if person.level > 0)
        level = min(later, default=None) if is_next else 0
        now = tuple(person for person in roster.people if person.level == level)
        if not now:
            return People(unresolved=roster.unresolved or (f"{_label(ON_CALL)}: nobody is",))
        called = await match_people(self._chat, Roster(people=now))
        emails = tuple(person.email for person in now if person.email)
        return People(users=called.users, addresses=emails, unresolved=called.unresolved)

    async def _holder(self, incident: Incident, role: Role) -> People:
        """Who has the role; while nobody is in command, who was asked to be."""
        holder = incident.roles.get(role)
        if holder is None and role is Role.COMMANDER:
            holder = incident.proposed_commander
        if holder is None:
            return _nobody(role.label, "nobody has this role here")
        user = await self._chat.user(holder)
        if user is None or not user.may_respond:
            return _nobody(role.label, "their chat account cannot be called")
        return People(users=(holder,), addresses=(user.email,) if user.email else ())

    async def _contact(self, name: str) -> People:
        address = self._policy.contacts.get(name, "")
        if not address:
            return _nobody(name, "the policy names nobody")
        user = await self._chat.user_by_email(address)
        if user is None or not user.may_respond:
            why = f"{_label(name)}: no chat account that can be called"
            return People(addresses=(address,), unresolved=(why,))
        return People(users=(user.user_id,), addresses=(address,))


def _nobody(name: str, why: str) -> People:
    return People(unresolved=(f"{_label(name)}: {why}",))


def _label(name: str) -> str:
    """For people: ``engineering manager``."""
    return name.replace("_", " ")


def _together(found: Iterable[People]) -> People:
    every = tuple(found)
    return People(
        users=tuple(dict.fromkeys(user for people in every for user in people.users)),
        addresses=tuple(dict.fromkeys(a for people in every for a in people.addresses)),
        unresolved=tuple(dict.fromkeys(name for p in every for name in p.unresolved)),
    )
