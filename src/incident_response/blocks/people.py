"""Who is in command of an incident, in one line, and the button to take command.

Shared by every message that says it. Not here: the other roles' duties (duty).
"""

from incident_response.blocks import action_ids, kit
from incident_response.blocks.text import Safe, join, mention, say
from incident_response.domain.incident import Incident
from incident_response.domain.model import Json


def command_line(incident: Incident) -> Safe:
    """Who is in command; while nobody is, who is proposed."""
    if incident.commander:
        return say("{who} is in command", who=mention(incident.commander))
    if incident.is_closed:
        return say("Nobody was in command")
    if incident.proposed_commander:
        who = mention(incident.proposed_commander)
        return say("*Nobody is in command yet.* Proposed: {who}", who=who)
    return say("*Nobody is in command yet.*")


def commander(incident: Incident) -> Safe:
    """Who is in command, with nobody proposed: a mention would call them where it is read."""
    if incident.commander or incident.is_closed:
        return command_line(incident)
    return say("nobody in command yet")


def commander_field(incident: Incident) -> Safe:
    """The same for a field of the facts."""
    if incident.commander:
        return mention(incident.commander)
    if incident.proposed_commander and not incident.is_closed:
        return say("nobody yet; proposed {who}", who=mention(incident.proposed_commander))
    return say("nobody yet") if not incident.is_closed else say("nobody")


def take_command(incident: Incident) -> Json | None:
    """The *Take command* button while it is wanted, else None."""
    if incident.commander or incident.is_closed:
        return None
    value = action_ids.encode_value(incident.incident_id)
    return kit.button("Take command", action_id=action_ids.TAKE_COMMAND, value=value, primary=True)


def mentions(users: tuple[str, ...], most: int = 20) -> Safe:
    """The people by name, after ``most`` only how many more."""
    shown = join((mention(user) for user in users[:most]), ", ")
    more = len(users) - most
    return say("{shown} and {more} more", shown=shown, more=more) if more > 0 else shown


def approvers(commander: str | None, group: str) -> Safe:
    """Who decides what customers are told: the commander, and the members of a user group."""
    people = [mention(commander)] if commander else []
    people += [say("a member of @{group}", group=group)] if group else []
    return join(people, " or ") or say("nobody yet: somebody has to take command")
