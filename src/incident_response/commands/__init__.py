"""One slash subcommand a file, and the table of them.

Each module exports ``command``. Not here: what the program can do (workflows), how a reply is
drawn (blocks).
"""

from incident_response.commands.ack import command as ack
from incident_response.commands.approve import command as approve
from incident_response.commands.cancel import command as cancel
from incident_response.commands.catchup import command as catchup
from incident_response.commands.checklist import command as checklist
from incident_response.commands.confirm import command as confirm
from incident_response.commands.declare import command as declare
from incident_response.commands.draft import command as draft
from incident_response.commands.edit import command as edit
from incident_response.commands.escalate import command as escalate
from incident_response.commands.handoff import command as handoff
from incident_response.commands.help import command as help_command
from incident_response.commands.impact import command as impact
from incident_response.commands.invite import command as invite
from incident_response.commands.join import command as join
from incident_response.commands.link import command as link
from incident_response.commands.list import command as list_command
from incident_response.commands.merge import command as merge
from incident_response.commands.mitigate import command as mitigate
from incident_response.commands.postmortem import command as postmortem
from incident_response.commands.rate import command as rate
from incident_response.commands.reject import command as reject
from incident_response.commands.reopen import command as reopen
from incident_response.commands.republish import command as republish
from incident_response.commands.resolve import command as resolve
from incident_response.commands.retry import command as retry
from incident_response.commands.role import command as role
from incident_response.commands.severity import command as severity
from incident_response.commands.silence import command as silence
from incident_response.commands.snooze import command as snooze
from incident_response.commands.status import command as status
from incident_response.commands.tick import command as tick
from incident_response.commands.timeline import command as timeline
from incident_response.commands.tray import command as tray
from incident_response.commands.unsilence import command as unsilence
from incident_response.commands.untick import command as untick
from incident_response.commands.update import command as update

COMMANDS = (
    declare,
    list_command,
    join,
    status,
    catchup,
    timeline,
    checklist,
    tick,
    untick,
    retry,
    severity,
    ack,
    escalate,
    impact,
    role,
    handoff,
    invite,
    draft,
    approve,
    edit,
    reject,
    confirm,
    republish,
    update,
    snooze,
    silence,
    unsilence,
    mitigate,
    resolve,
    postmortem,
    rate,
    reopen,
    cancel,
    link,
    merge,
    tray,
    help_command,
)
