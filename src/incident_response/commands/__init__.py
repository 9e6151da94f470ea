"""One slash subcommand a file, and the table of them.

Each module exports ``command``. Not here: what the program can do (workflows), how a reply is
drawn (blocks).
"""

from incident_response.commands.ack import command as ack
from incident_response.commands.checklist import command as checklist
from incident_response.commands.declare import command as declare
from incident_response.commands.escalate import command as escalate
from incident_response.commands.handoff import command as handoff
from incident_response.commands.help import command as help_command
from incident_response.commands.impact import command as impact
from incident_response.commands.invite import command as invite
from incident_response.commands.join import command as join
from incident_response.commands.list import command as list_command
from incident_response.commands.retry import command as retry
from incident_response.commands.role import command as role
from incident_response.commands.severity import command as severity
from incident_response.commands.status import command as status
from incident_response.commands.tick import command as tick
from incident_response.commands.tray import command as tray
from incident_response.commands.untick import command as untick

COMMANDS = (
    declare,
    list_command,
    join,
    status,
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
    tray,
    help_command,
)
