"""Calls the people of one escalation: the plan, and what each of its steps does.

The call is decided and stored before (escalation); from then on it is made, by every way there is,
whatever fails. A way whose outcome is unknown is taken again: a person called twice is better than
one not called. Not here: who and when.
"""

import asyncio
from collections.abc import Iterable
from datetime import timedelta

from incident_response.blocks.escalation import (
    Trouble,
    called,
    called_directly,
    not_everybody,
)
from incident_response.domain.errors import (
    IncidentResponseError,
    PermanentError,
    RetryableError,
)
from incident_response.domain.incident import Incident, MessageRef
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.domain.model import Json, UserId
from incident_response.domain.policy import Policy
from incident_response.domain.response import Call
from incident_response.durable.plan import Outcome, Plan, Step, StepContext
from incident_response.ports.chat import Chat
from incident_response.ports.clock import Clock
from incident_response.ports.pager import Page, Pager
from incident_response.workflows.operator_notices import OperatorNotices
from incident_response.workflows.post_once import post_once
from incident_response.workflows.room_board import RoomBoard, call_message

ESCALATE = "escalate"
"""Kind of the plan: ``escalate#<number of the call>``."""
WAYS = {
    "tell_room": "the room",
    "invite": "invitations",
    "tell_directly": "direct messages",
    "page": "the pager",
}
"""The steps that reach people, in words."""
DIRECT_WAITS = (0.0, 1.0, 5.0)
"""Seconds before each try of a direct message within one try of the step."""


class CallPlan:
    """Owns the plan."""

    def __init__(
        self,
        *,
        chat: Chat,
        board: RoomBoard,
        pager: Pager | None,
        operators: OperatorNotices,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self._chat = chat
        self._board = board
        self._pager = pager
        self._operators = operators
        self._policy = policy
        self._clock = clock
        self.plan = Plan(
            name=ESCALATE,
            steps=(
                Step(
                    name="tell_room",
                    run=self._tell_room,
                    reconcile=self._find_told,
                    attempts=None,
                ),
                Step(name="invite", run=self._invite, attempts=6),
                Step(
                    name="tell_directly",
                    run=self._tell_directly,
                    deadline=timedelta(seconds=30),
                    attempts=6,
                ),
                Step(name="page", run=self._page, deadline=timedelta(seconds=20), attempts=6),
                Step(
                    name="report",
                    run=self._report,
                    settled=("invite", "tell_directly", "page"),
                    attempts=6,
                ),
            ),
        )

    async def _tell_room(self, context: StepContext) -> Outcome:
        incident, call = context.incident, _call(context)
        if incident.room is None or not _is_wanted(context):
            return Outcome()
        message = called(incident, call, policy=self._policy)
        ref = await self._chat.post(incident.room.channel_id, message, key=context.key)
        self._board.remember(incident, call_message(call), message)
        return self._told(call, ref)

    async def _find_told(self, context: StepContext) -> Outcome | None:
        incident = context.incident
        if incident.room is None:
            return None
        ref = await self._chat.find_message(
            incident.room.channel_id, key=context.key, since=context.first_started_at
        )
        return self._told(_call(context), ref) if ref is not None else None

    def _told(self, call: Call, ref: MessageRef) -> Outcome:
        def remembered(incident: Incident) -> Incident:
            messages = {**incident.messages, call_message(call): ref}
            return incident.model_copy(update={"messages": messages})

        return Outcome(result=ref.model_dump(mode="json"), apply=remembered)

    async def _invite(self, context: StepContext) -> Outcome:
        incident, users = context.incident, _call(context).users
        if incident.room is None or not users or not _is_wanted(context):
            return Outcome()
        invited = await self._chat.invite(incident.room.channel_id, users)
        refused = {str(user): why for user, why in invited.refused.items()}
        details: Json = {"users": list(invited.joined), "refused": {**refused}}
        return Outcome(
            result={"refused": {**refused}},
            apply=lambda now: _with_responders(now, invited.joined),
            entries=(self._entry(EntryKind.RESPONDERS_INVITED, details),),
        )

    async def _tell_directly(self, context: StepContext) -> Outcome:
        """Everybody, each as often as it takes; who was told is not told again in this try."""
        incident, call = context.incident, _call(context)
        if not _is_wanted(context):
            return Outcome()
        message = called_directly(incident, call)
        left: dict[UserId, IncidentResponseError | None] = dict.fromkeys(call.users)
        for wait in DIRECT_WAITS:
            await self._clock.sleep(wait)
            tries = {
                user: self._chat.direct(user, message) for user in left if _may_try(left, user)
            }
            results = await asyncio.gather(*tries.values(), return_exceptions=True)
            for user, result in zip(tries, results, strict=True):
                left[user] = _failure(result)
            left = {user: why for user, why in left.items() if why is not None}
            if not any(isinstance(why, RetryableError) for why in left.values()):
                break
        if left and len(left) == len(call.users):
            raise next(iter(left.values())) or RetryableError("nobody could be told")
        return Outcome(result={"not_told": {str(u): str(why) for u, why in left.items()}})

    async def _page(self, context: StepContext) -> Outcome:
        call = _call(context)
        if self._pager is None or not call.addresses or not _is_wanted(context):
            return Outcome()
        unknown = await self._pager.page(_page_of(context.incident, call, key=context.key))
        return Outcome(result={"unknown": len(unknown), "of": len(call.addresses)})

    async def _report(self, context: StepContext) -> Outcome:
        """What did not work is said in the room; to operators, that nobody was reached, or that a
        step has nobody behind it.
        """
        incident, call = context.incident, _call(context)
        troubles = tuple(_troubles(context))
        if not _is_wanted(context):
            return Outcome()
        if troubles and call.has_people and incident.room is not None:
            told, channel = not_everybody(call, troubles), incident.room.channel_id
            await post_once(self._chat, channel, told, key=context.key, since=call.at)
        is_reached = _is_anybody_reached(context, call)
        if call.empty or not is_reached:
            await self._operators.nobody_called(
                incident, call, troubles, is_anybody_reached=is_reached
            )
        return Outcome()

    def _entry(self, kind: EntryKind, details: Json) -> NewEntry:
        return NewEntry(kind=kind, at=self._clock.now(), details=details)


def _call(context: StepContext) -> Call:
    number = int(context.plan.partition("#")[2])
    return context.incident.escalation.calls[number - 1]


def _is_wanted(context: StepContext) -> bool:
    """Whether nobody has acknowledged since the call was decided."""
    acknowledged_at = context.incident.escalation.acknowledged_at
    is_late = acknowledged_at is not None and acknowledged_at >= _call(context).at
    return not (is_late or context.incident.is_ending)


def _may_try(left: dict[UserId, IncidentResponseError | None], user: UserId) -> bool:
    return not isinstance(left[user], PermanentError)


def _failure(result: object) -> IncidentResponseError | None:
    """Why a direct message was not sent; a defect of ours is no answer, and is raised."""
    if isinstance(result, IncidentResponseError):
        return result
    if isinstance(result, BaseException):
        raise result
    return None


def _page_of(incident: Incident, call: Call, *, key: str) -> Page:
    levels = ", ".join(call.levels)
    url = next((link.url for link in incident.links), "")
    where = f" Slack: #{incident.room.name}" if incident.room is not None else ""
    return Page(
        key=key,
        title=f"{incident.severity} {incident.title} ({levels})",
        text=f"{call.why}{where}".strip(),
        team=incident.team,
        emails=call.addresses,
        url=url,
        route=incident.route,
    )


def _troubles(context: StepContext) -> Iterable[Trouble]:
    for step, why in context.failures.items():
        yield Trouble(way=WAYS.get(step, step), why=why)
    for step, name in (("invite", "refused"), ("tell_directly", "not_told")):
        result = context.results.get(step)
        people = result.get(name) if isinstance(result, dict) else None
        for user, reason in people.items() if isinstance(people, dict) else ():
            yield Trouble(way=WAYS[step], why=str(reason), user=UserId(user))
    paged = context.results.get("page")
    if isinstance(paged, dict) and paged.get("unknown"):
        why = f"it does not know {paged['unknown']} of {paged['of']} people"
        yield Trouble(way=WAYS["page"], why=why)


def _is_anybody_reached(context: StepContext, call: Call) -> bool:
    told = "tell_directly" in context.results and bool(call.users)
    paged = context.results.get("page")
    return told or (isinstance(paged, dict) and paged.get("unknown") != paged.get("of"))


def _with_responders(incident: Incident, users: tuple[UserId, ...]) -> Incident:
    people = tuple(dict.fromkeys((*incident.responders, *users)))
    return incident.model_copy(update={"responders": people})
