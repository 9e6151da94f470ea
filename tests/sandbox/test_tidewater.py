from incident_response.sandbox.seeding import plant_talk, slack_seed
from incident_response.sandbox.slack.model import Message, SlackApp
from incident_response.sandbox.slack.workspace import Workspace
from incident_response.sandbox.tidewater import TIDEWATER
from tests.sandbox.vendors.serving import NOON

APP = SlackApp(name="Commander", bot_token="xoxb-test", app_token="xapp-test")


def test_ids_and_handles_are_unique() -> None:
    people = TIDEWATER.people
    for ids in (
        [p.slack_id for p in people],
        [p.handle for p in people],
        [p.oncall_id for p in people],
        [p.directory_id for p in people],
        [c.id for c in TIDEWATER.channels],
        [s.component_id for s in TIDEWATER.services],
        [i for s in TIDEWATER.services for i in (s.schedule_id, s.secondary_schedule_id)],
    ):
        assert len(ids) == len(set(ids))


def test_every_name_that_is_mentioned_exists() -> None:
    for service in TIDEWATER.services:
        assert TIDEWATER.members(service.team)
        for handle in (*service.primary, *service.secondary):
            assert not TIDEWATER.person(handle).deleted
    for channel in TIDEWATER.channels:
        for handle in channel.members:
            assert TIDEWATER.person(handle).has_slack


def test_the_company_is_as_untidy_as_it_says() -> None:
    people = TIDEWATER.people
    assert [p.handle for p in people if p.deleted] == ["derek"]
    assert [p.handle for p in people if p.is_restricted] == ["rosa"]
    assert [p.handle for p in people if not p.has_slack] == ["viktor"]
    assert [p.handle for p in people if p.directory_email] == ["claire"]
    assert [s.name for s in TIDEWATER.services if s.telemetry is None] == ["billing-worker"]


def test_the_workspace_has_everybody_with_an_account_and_nobody_else() -> None:
    seed = slack_seed(TIDEWATER, APP.bot_user_id)
    ids = {user.id for user in seed.users} | {APP.bot_user_id}
    assert TIDEWATER.person("viktor").slack_id not in ids
    assert TIDEWATER.person("derek").slack_id in ids
    for channel in seed.channels:
        assert set(channel.members) <= ids
        assert TIDEWATER.person("derek").slack_id not in channel.members


def test_a_guest_is_only_where_they_were_invited() -> None:
    rosa = TIDEWATER.person("rosa").slack_id
    seed = slack_seed(TIDEWATER, APP.bot_user_id)
    assert [channel.name for channel in seed.channels if rosa in channel.members] == ["eng"]


def test_user_groups_hold_the_active_people_of_their_team() -> None:
    groups = {
        group.handle: group.users for group in slack_seed(TIDEWATER, APP.bot_user_id).usergroups
    }
    handles = ("maya", "jonas", "priya", "tomas")
    assert groups["payments"] == [TIDEWATER.person(handle).slack_id for handle in handles]


def messages_of(workspace: Workspace, channel: str) -> list[Message]:
    channel_id = next(c.id for c in TIDEWATER.channels if c.name == channel)
    return list(workspace.state.messages.get(channel_id, {}).values())


def test_what_was_said_is_there_once_and_incidents_is_empty() -> None:
    workspace = Workspace(seed=slack_seed(TIDEWATER, APP.bot_user_id), app=APP, now=lambda: NOON)
    plant_talk(workspace, TIDEWATER, NOON)
    before = messages_of(workspace, "general")
    plant_talk(workspace, TIDEWATER, NOON + 60)
    assert messages_of(workspace, "general") == before
    assert [float(message.ts) < NOON for message in before] == [True, True]
    assert before[1].text.startswith(f"Thanks <@{TIDEWATER.person('ines').slack_id}>.")
    assert messages_of(workspace, "incidents") == []


def test_people_speak_only_where_they_are_members() -> None:
    members = {
        channel.name: channel.members
        for channel in slack_seed(TIDEWATER, APP.bot_user_id).channels
    }
    for said in TIDEWATER.talk:
        assert TIDEWATER.person(said.handle).slack_id in members[said.channel]


def test_the_app_has_been_invited_to_incidents_alone() -> None:
    seed = slack_seed(TIDEWATER, APP.bot_user_id)
    with_app = [channel.name for channel in seed.channels if APP.bot_user_id in channel.members]
    assert with_app == ["incidents"]
