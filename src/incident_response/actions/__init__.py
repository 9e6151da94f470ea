"""One button, modal, shortcut or chat event a file, and the table of them.

Each module exports ``action``. Not here: what the program can do (workflows), how anything is
drawn (blocks).
"""

from incident_response.actions.acknowledge import action as acknowledge
from incident_response.actions.approve_page import action as approve_page
from incident_response.actions.cancel_form import action as cancel_form
from incident_response.actions.cancel_incident import action as cancel_incident
from incident_response.actions.channel_message import action as channel_message
from incident_response.actions.declare import action as declare
from incident_response.actions.declare_from_message import action as declare_from_message
from incident_response.actions.draft_page import action as draft_page
from incident_response.actions.edit_page import action as edit_page
from incident_response.actions.escalate import action as escalate
from incident_response.actions.hand_over import action as hand_over
from incident_response.actions.join_room import action as join_room
from incident_response.actions.member_joined import action as member_joined
from incident_response.actions.mitigate_incident import action as mitigate_incident
from incident_response.actions.open_timeline_form import actions as open_timeline_form
from incident_response.actions.page_again import action as page_again
from incident_response.actions.page_form import action as page_form
from incident_response.actions.page_reject_form import action as page_reject_form
from incident_response.actions.page_there import action as page_there
from incident_response.actions.post_update import action as post_update
from incident_response.actions.raise_impact import actions as raise_impact
from incident_response.actions.rate import actions as ratings
from incident_response.actions.reject_page import action as reject_page
from incident_response.actions.reopen_incident import action as reopen_incident
from incident_response.actions.resolve_form import action as resolve_form
from incident_response.actions.resolve_incident import action as resolve_incident
from incident_response.actions.retry_step import action as retry_step
from incident_response.actions.set_severity import action as set_severity
from incident_response.actions.silence import action as silence
from incident_response.actions.snooze import actions as snooze
from incident_response.actions.take_command import action as take_command
from incident_response.actions.take_role import action as take_role
from incident_response.actions.tick_checklist import action as tick_checklist
from incident_response.actions.timeline_form import actions as timeline_form
from incident_response.actions.turn_timeline import actions as turn_timeline
from incident_response.actions.unsilence import action as unsilence
from incident_response.actions.update_form import action as update_form

ACTIONS = (
    take_command,
    take_role,
    hand_over,
    set_severity,
    acknowledge,
    escalate,
    *raise_impact,
    join_room,
    tick_checklist,
    retry_step,
    *turn_timeline,
    *open_timeline_form,
    *timeline_form,
    post_update,
    update_form,
    *snooze,
    silence,
    unsilence,
    mitigate_incident,
    resolve_incident,
    resolve_form,
    reopen_incident,
    cancel_incident,
    cancel_form,
    *ratings,
    declare,
    declare_from_message,
    member_joined,
    channel_message,
    approve_page,
    draft_page,
    edit_page,
    page_again,
    page_form,
    page_reject_form,
    page_there,
    reject_page,
)
