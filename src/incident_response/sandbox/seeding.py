"""The company as a fresh Slack workspace.

What belongs here: translating people, teams and channels into what Slack's stand-in starts from.
What does not: the workspace's behaviour, and the vendors' view of the same people.
"""

from incident_response.sandbox.company import Company, Person
from incident_response.sandbox.company import SeedChannel as CompanyChannel
from incident_response.sandbox.slack.model import (
    Message,
    Seed,
    SeedChannel,
    Team,
    User,
    UserGroup,
)
from incident_response.sandbox.slack.workspace import Workspace


def slack_seed(company: Company, app_user: str) -> Seed:
    """Return everybody with an account, the public channels, and a user group per team.

    `app_user` is the id of the installed app's bot user.
    """
    return Seed(
        team=Team(
            id=company.team_id,
            name=company.name,
            domain=company.domain.partition(".")[0],
            email_domain=company.domain,
        ),
        users=tuple(_user(company, person) for person in company.slack_people),
        channels=tuple(
            SeedChannel(
                id=channel.id,
                name=channel.name,
                members=_members(company, channel, app_user),
                creator=_creator(company),
                topic=channel.topic,
                purpose=channel.purpose,
                is_general=channel.is_general,
            )
            for channel in company.channels
        ),
        usergroups=tuple(
            UserGroup(
                id=team.usergroup_id,
                handle=team.key,
                name=team.name,
                users=[p.slack_id for p in company.members(team.key) if _is_active(p)],
            )
            for team in company.teams
        ),
    )


def plant_talk(workspace: Workspace, company: Company, now: float) -> None:
    """Put what was said before the first start into a workspace in which nothing was said yet.

    `now` is epoch seconds; messages get names from the minutes before it.
    """
    if workspace.state.messages:
        return
    channels = {channel.name: channel.id for channel in company.channels}
    mentions = {p.handle: f"<@{p.slack_id}>" for p in company.slack_people}
    for said in company.talk:
        person = company.person(said.handle)
        message = Message(
            channel=channels[said.channel],
            ts=f"{now - said.minutes_ago * 60:.6f}",
            user=person.slack_id,
            text=said.text.format_map(mentions),
            bot_id=_bot_id(person),
        )
        workspace.state.keep_message(message)


def _user(company: Company, person: Person) -> User:
    return User(
        id=person.slack_id,
        name=person.handle,
        real_name=person.real_name,
        email=None if person.is_bot else person.email,
        display_name=person.first_name,
        title=person.title,
        team=company.team(person.team).name,
        color=person.color,
        tz=person.tz,
        is_bot=person.is_bot,
        is_admin=person.is_admin,
        is_restricted=person.is_restricted,
        deleted=person.deleted,
        bot_id=_bot_id(person),
    )


def _bot_id(person: Person) -> str | None:
    return f"B{person.slack_id[1:]}" if person.is_bot else None


def _members(company: Company, channel: CompanyChannel, app_user: str) -> tuple[str, ...]:
    """Return the members' ids: those named, or everybody; guests are only where they are named."""
    people = [
        person.slack_id
        for person in company.slack_people
        if not person.deleted
        and (person.handle in channel.members if channel.members else not person.is_restricted)
    ]
    return (*people, app_user) if channel.has_app else tuple(people)


def _creator(company: Company) -> str:
    return next(p.slack_id for p in company.slack_people if p.is_admin and not p.deleted)


def _is_active(person: Person) -> bool:
    return person.has_slack and not (person.deleted or person.is_bot)
