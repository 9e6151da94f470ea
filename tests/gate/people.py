"""People who draft, edit, approve, hand over and click too late or twice, over a program that
crashes and a status page that loses replies: the product's own code, in virtual time.

After every step nothing may be on the page that nobody in command approved word for word, nor
twice on one approval; when things calm down, every message is published or shown to a person
within two minutes. Not here: how many runs (test_people, tests.prove).
"""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

import hypothesis
import structlog
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from incident_response.domain.approval import ApprovedDraft
from incident_response.domain.audit import check_ledger
from incident_response.domain.draft import DraftState, PageStatus
from incident_response.domain.errors import (
    IncidentResponseError,
    RateLimitedError,
    RefusedError,
    RetryableError,
    UnavailableError,
    UnknownOutcomeError,
)
from incident_response.domain.incident import IncidentStatus
from incident_response.domain.ledger import EntryKind
from incident_response.domain.model import UserId
from incident_response.ports.status_page import Publication
from tests.fakes.status_page import FakeStatusPage
from tests.gate.stage import APPROVERS, INCIDENT_ID, Program, Stage, Wire, content, two_approvals
from tests.gate.stage import with_approvers as one_approval
from tests.workflows.house import ADA, BEN, CLEO, DEV, GUEST

PEOPLE = (ADA, BEN, CLEO, DEV, GUEST)
"""Cleo and the guest are in the approvers' group."""
MEMBERS = (ADA, BEN, CLEO, DEV)
TEXTS = ("We look into it.", "We know why.", "It is mended.")
NO_CHANGE = (None,) * 5
TICK = 5.0
CALM = 120.0
"""Seconds within which every message is published or shown to a person once nothing fails."""


@dataclass
class Tally:
    """What happened in all runs so far."""

    runs: int = 0
    steps: int = 0
    clicks: int = 0
    faults: int = 0
    crashes: int = 0
    sendings: int = 0
    published: int = 0
    needs_human: int = 0


@dataclass(frozen=True)
class Sending:
    """One request that reached the page."""

    key: str
    digest: str
    grants: frozenset[str]
    """Clicks before it by who might approve this text then."""


@dataclass
class SlowPage(FakeStatusPage):
    """A page where what was sent may land minutes later, and which notes who had approved it."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage.clock)
        self.due: list[tuple[datetime, Any]] = []
        self.sendings: list[Sending] = []
        self.refused: set[int] = set()
        """Indices of the sendings that the page did not take."""
        self.grants: dict[str, set[str]] = {}

    def lands_after(self, seconds: float) -> None:
        """The next sending gets no answer, and lands that much later."""

        def delays(apply: Any) -> Publication:
            self.due.append((self._clock.now() + timedelta(seconds=seconds), apply))
            raise UnknownOutcomeError("the page did not answer")

        self._faults.append(delays)

    def tick(self) -> None:
        """Let land what is due."""
        now = self._clock.now()
        for _, apply in [one for one in self.due if one[0] <= now]:
            apply()
        self.due = [one for one in self.due if one[0] > now]

    async def publish(self, approved: ApprovedDraft) -> Publication:
        digest = approved.message.digest
        grants = frozenset(self.grants.get(digest, set()))
        self.sendings.append(Sending(approved.key, digest, grants))
        index = len(self.sendings) - 1
        try:
            return await super().publish(approved)
        except IncidentResponseError as error:
            if not isinstance(error, UnknownOutcomeError):
                self.refused.add(index)
            raise


@dataclass(frozen=True)
class Click:
    """Something a person did, as its envelope says it."""

    what: str
    by: UserId
    key: str
    code: str = ""
    text: str = ""
    status: PageStatus = PageStatus.INVESTIGATING


@dataclass
class Life:
    """One process, from start to crash."""

    program: Program
    stop: asyncio.Event
    task: "asyncio.Task[None]"
    unfinished: list[Click] = field(default_factory=list)
    """Envelopes it had taken in when it died."""


class People(RuleBasedStateMachine):
    """See the module."""

    tally: ClassVar[Tally] = Tally()
    codes = Bundle("codes")
    clicks = Bundle("clicks")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stage = Stage()
        self.page = SlowPage(self.stage)
        self.stage.page = self.page
        self.stage.chat.add_group(APPROVERS, [CLEO, GUEST])
        self.life: Life | None = None
        self.count = 0
        self.needed = 1
        type(self).tally.runs += 1

    # --- the world --------------------------------------------------------------------------

    @initialize(needed=st.integers(1, 2))
    def begin(self, needed: int) -> None:
        self.needed = needed
        self.stage.policy = one_approval() if needed == 1 else two_approvals()
        self.do(self.stage.open_incident(commander=ADA))
        self.do(self.start())

    def do(self, doing: Coroutine[Any, Any, Any]) -> Any:
        type(self).tally.steps += 1
        return self.loop.run_until_complete(doing)

    async def start(self) -> None:
        """A process starts, the only one: what the last one left is delivered again."""
        unfinished = self.life.unfinished if self.life else []
        await self.end()
        await self.stage.backend.claim_processor()
        ready: asyncio.Future[Program] = self.loop.create_future()
        stop = asyncio.Event()

        async def live() -> None:
            async with self.stage.program(Wire()) as program:
                ready.set_result(program)
                await stop.wait()

        task = self.loop.create_task(live())
        self.life = Life(await ready, stop, task)
        for click in unfinished:
            await self.take_in(click)

    async def end(self) -> None:
        if self.life is not None:
            self.life.program.wire.is_dead = True
            self.life.stop.set()
            await asyncio.wait([self.life.task])
            self.life = None

    @property
    def wire(self) -> Wire:
        assert self.life is not None
        return self.life.program.wire

    async def take_in(self, click: Click) -> None:
        """Work off an envelope, unless the process dies of it."""
        assert self.life is not None
        life, self.tally.clicks = self.life, self.tally.clicks + 1
        await self.note_grant(click)
        work = self.loop.create_task(self.work(life.program, click))
        while not work.done() and not (  # noqa: ASYNC110 - a call comes back, or never
            life.program.wire.is_dead and await self.is_still(life)
        ):
            await asyncio.sleep(0)
        if not work.done():
            work.cancel()
            life.unfinished.append(click)
            await asyncio.wait([work])
        elif isinstance(error := work.exception(), RetryableError):
            life.unfinished.append(click)
        elif error is not None and not isinstance(error, RefusedError):
            raise error
        if life.program.wire.is_dead:
            self.tally.crashes += 1
            await self.start()
        else:
            await life.program.quiet()

    async def is_still(self, life: Life) -> bool:
        for _ in range(3):
            await asyncio.sleep(0)
        return not life.program.wire.under_way

    async def note_grant(self, click: Click) -> None:
        """Who may approve, judged by the world alone, before the program has its say."""
        if click.what not in ("approve", "publish_again"):
            return
        incident = await self.stage.incident()
        draft = incident.page.draft
        if draft is None or draft.message.digest != click.code or click.by == GUEST:
            return
        if click.by in (CLEO, incident.commander):
            self.page.grants.setdefault(click.code, set()).add(click.key)

    async def work(self, program: Program, click: Click) -> None:
        match click.what:
            case "draft":
                asked = self.stage.asking(click.by, click.key)
                made = content(click.text, status=click.status)
                await program.gate.draft(INCIDENT_ID, made, asked=asked)
            case "edit":
                await program.edit(click.code, click.text, click.by, click.key)
            case "approve":
                await program.approve(click.code, click.by, click.key)
            case "publish_again":
                await program.publish_again(click.code, click.by, click.key)
            case "found":
                await program.found(click.code, click.by, click.key)
            case "reject":
                await program.reject(click.code, click.by, key=click.key)
            case _:
                await program.command(click.by)

    def click(self, what: str, by: UserId, **more: Any) -> Click:
        self.count += 1
        made = Click(what, by, f"k{self.count}", **more)
        self.do(self.take_in(made))
        return made

    async def code_now(self) -> str:
        draft = (await self.stage.incident()).page.draft
        return draft.message.digest if draft is not None else ""

    # --- what people do ---------------------------------------------------------------------

    @rule(
        target=clicks,
        by=st.sampled_from(PEOPLE),
        text=st.sampled_from(TEXTS),
        status=st.sampled_from([PageStatus.INVESTIGATING, PageStatus.RESOLVED]),
    )
    def draft(self, by: UserId, text: str, status: PageStatus) -> Click:
        return self.click("draft", by, text=text, status=status)

    @rule(target=codes)
    def read_card(self) -> Any:
        code = self.do(self.code_now())
        return code or multiple()

    @rule(
        target=clicks,
        what=st.sampled_from(
            ["approve", "approve", "approve", "publish_again", "publish_again", "found", "reject"]
        ),
        by=st.sampled_from((ADA, ADA, CLEO, *PEOPLE)),
    )
    def decide(self, what: str, by: UserId) -> Click:
        """On the text as it is now."""
        return self.click(what, by, code=self.do(self.code_now()))

    @rule(
        target=clicks,
        what=st.sampled_from(["approve", "publish_again", "found", "reject"]),
        by=st.sampled_from(PEOPLE),
        code=codes,
    )
    def decide_late(self, what: str, by: UserId, code: str) -> Click:
        """On a card that may be old."""
        return self.click(what, by, code=code)

    @rule(target=clicks, by=st.sampled_from(PEOPLE), text=st.sampled_from(TEXTS), code=codes)
    def edit(self, by: UserId, text: str, code: str) -> Click:
        return self.click("edit", by, text=text, code=code)

    @rule(click=clicks)
    def deliver_again(self, click: Click) -> None:
        """A duplicate, or one that comes late."""
        self.tally.faults += 1
        self.do(self.take_in(click))

    @rule(
        text=st.sampled_from(TEXTS),
        is_again=st.sampled_from([False, False, False, True]),
        seconds=st.sampled_from([0, 2, 100]),
    )
    def publish(self, text: str, is_again: bool, seconds: int) -> None:
        """As it is meant to go: drafted, approved by who may, and some time to be sent in."""
        commander = self.do(self.stage.incident()).commander or ADA
        what = "publish_again" if is_again else "approve"
        if not is_again:
            self.click("draft", BEN, text=text)
        for by in (commander, CLEO if commander != CLEO else BEN)[: self.needed]:
            self.click(what, by, code=self.do(self.code_now()))
        self.do(self.pass_time(seconds))

    @rule(to=st.sampled_from(MEMBERS), status=st.sampled_from([*NO_CHANGE, *IncidentStatus]))
    def change(self, to: UserId, status: IncidentStatus | None) -> None:
        """Somebody takes over, or the incident moves on."""
        if status is None:
            self.click("command", to)
        else:
            self.do(self.stage.change(status=status))

    @rule(seconds=st.sampled_from([1, 5, 30, 60, 90, 200, 1900]))
    def wait(self, seconds: int) -> None:
        self.do(self.pass_time(seconds))

    async def pass_time(self, seconds: float) -> None:
        end = self.stage.clock.monotonic() + seconds
        tick = TICK if seconds <= 300 else 30.0
        while (left := end - self.stage.clock.monotonic()) > 0:
            assert self.life is not None
            self.stage.clock.advance(min(tick, left))
            self.page.tick()
            await self.life.program.quiet()
            if self.wire.is_dead:
                self.tally.crashes += 1
                await self.start()

    # --- what goes wrong --------------------------------------------------------------------

    @rule(
        kind=st.sampled_from(["soon", "soon", "sending", "now"]),
        calls=st.integers(1, 30),
        is_after=st.booleans(),
    )
    def crash(self, kind: str, calls: int, is_after: bool) -> None:
        """Kill the process before or after one of its next calls, or at once."""
        self.tally.faults += 1
        self.wire.is_after = is_after
        match kind:
            case "soon":
                self.wire.crash_at = self.wire.calls + calls
            case "sending":
                self.wire.crash_in = "publish"
            case _:
                self.do(self.start())

    @rule(
        kind=st.sampled_from(
            ["late", "late", "lose", "lose", "swallow", "refuse", "rate", "down"]
        ),
        seconds=st.integers(0, 300),
    )
    def page_fails(self, kind: str, seconds: int) -> None:
        """What becomes of the next sending."""
        self.tally.faults += 1
        match kind:
            case "late":
                self.page.lands_after(seconds)
            case "lose":
                self.page.lose_reply()
            case "swallow":
                self.page.swallow()
            case "refuse":
                self.page.refuse()
            case "rate":
                wait = timedelta(seconds=seconds)
                self.page.fail(RateLimitedError("slow down", retry_after=wait))
            case _:
                self.page.fail(UnavailableError("not reached"))

    @rule(
        what=st.sampled_from(["store", "looks", "user", "group_members", "update", "post"]),
        count=st.integers(1, 20),
        is_after=st.booleans(),
    )
    def something_fails(self, what: str, count: int, is_after: bool) -> None:
        """The store once, looking at the page several times, or the chat once."""
        self.tally.faults += 1
        if what == "store":
            self.wire.fail_at, self.wire.fails_after = self.wire.calls + count, is_after
        elif what == "looks":
            self.page.looking.fail_with(UnavailableError("the page is down"), times=count)
        else:
            self.stage.chat.fail(what, UnavailableError("chat is down"))

    # --- what must hold ---------------------------------------------------------------------

    @precondition(lambda self: self.life is not None)
    @invariant()
    def nothing_goes_out_unapproved(self) -> None:
        used: dict[str, set[str]] = {}
        taken: set[str] = set()
        for index, sending in enumerate(self.page.sendings):
            assert len(sending.grants) >= self.needed, f"nobody in command approved {sending}"
            if index not in self.page.refused:
                assert sending.key not in taken, f"sent twice on one approval: {sending}"
                taken.add(sending.key)
            used.setdefault(sending.digest, set()).add(sending.key)
        for digest, keys in used.items():
            clicks = len(self.page.grants[digest])
            assert clicks >= len(keys) * self.needed, f"{clicks} approvals, {keys} sent"

    @precondition(lambda self: self.life is not None)
    @invariant()
    def nothing_is_on_the_page_twice(self) -> None:
        marks = [told.mark for incident in self.page.incidents for told in incident.told]
        assert len(marks) == len(set(marks)), marks

    @precondition(lambda self: self.life is not None)
    @invariant()
    def the_ledger_holds(self) -> None:
        self.do(self.check_ledger())

    async def check_ledger(self) -> None:
        backend = self.stage.backend
        entries = await backend.ledger.entries(INCIDENT_ID)
        head = await backend.ledger.head(INCIDENT_ID)
        assert check_ledger(INCIDENT_ID, entries, head=head, seal=backend.seal) == ()
        sent = {
            entry.details["digest"]
            for entry in entries
            if entry.kind is EntryKind.STATUSPAGE_SENDING
        }
        told = {t.message.digest for incident in self.page.incidents for t in incident.told}
        assert told <= sent, "on the page, and not in the ledger"

    def teardown(self) -> None:
        try:
            if self.life is not None:
                self.do(self.calm_down())
        finally:
            self.do(self.end())
            self.do(self.stage.backend.close())
            self.loop.close()

    async def calm_down(self) -> None:
        """Nothing fails any more: within two minutes everything is settled or shown."""
        self.page._faults.clear()
        self.page.looking.recover()
        self.stage.chat._faults.clear()
        wire = self.wire
        wire.crash_at = wire.fail_at = 0
        wire.crash_in = ""
        if wire.is_dead:
            await self.start()
        await self.pass_time(CALM)
        await self.check_ledger()
        self.nothing_goes_out_unapproved()
        self.nothing_is_on_the_page_twice()
        await self.count_up()

    async def count_up(self) -> None:
        incident = await self.stage.incident()
        draft = incident.page.draft
        self.tally.sendings += len(self.page.sendings)
        entries = await self.stage.entries()
        kinds = [entry.kind for entry in entries]
        self.tally.published += kinds.count(EntryKind.STATUSPAGE_PUBLISHED)
        self.tally.needs_human += kinds.count(EntryKind.STATUSPAGE_NEEDS_HUMAN)
        if draft is None:
            return
        assert draft.state not in (DraftState.SENDING, DraftState.RECONCILING), draft
        assert draft.state is not DraftState.APPROVED or draft.is_stuck, draft
        by_people = {
            entry.details["digest"]
            for entry in entries
            if entry.kind is EntryKind.STATUSPAGE_PUBLISHED and entry.actor != "incident-response"
        }
        told = {t.message.digest for i in self.page.incidents for t in i.told}
        published = {
            entry.details["digest"]
            for entry in entries
            if entry.kind is EntryKind.STATUSPAGE_PUBLISHED
        }
        assert published <= told | by_people, "in the ledger, and not on the page"


def campaign(*, runs: int, steps: int, seed: int | None = None) -> Tally:
    """Run the people; what happened. Raises what Hypothesis makes of a violation, with the fewest
    steps that show it.
    """
    chosen = settings(
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    People.tally = Tally()
    people = People if seed is None else hypothesis.seed(seed)(People)
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        run_state_machine_as_test(people, settings=chosen)
    finally:
        structlog.configure(**before)
    return People.tally
