"""Which scopes a conversation method needs, by the kind of conversation: any one of each list."""

READ = {
    "public_channel": ("channels:read",),
    "private_channel": ("groups:read",),
    "im": ("im:read",),
    "mpim": ("mpim:read",),
}
HISTORY = {
    "public_channel": ("channels:history",),
    "private_channel": ("groups:history",),
    "im": ("im:history",),
    "mpim": ("mpim:history",),
}
WRITE = {
    "public_channel": ("channels:manage", "channels:write"),
    "private_channel": ("groups:write",),
    "im": ("im:write",),
    "mpim": ("mpim:write",),
}
INVITE = {
    "public_channel": ("channels:write.invites", "channels:manage"),
    "private_channel": ("groups:write.invites", "groups:write"),
    "im": ("im:write",),
    "mpim": ("mpim:write",),
}
TOPIC = {
    "public_channel": ("channels:write.topic", "channels:manage"),
    "private_channel": ("groups:write.topic", "groups:write"),
    "im": ("im:write.topic", "im:write"),
    "mpim": ("mpim:write.topic", "mpim:write"),
}
OPEN = {
    "public_channel": ("channels:manage",),
    "private_channel": ("groups:write",),
    "im": ("im:write",),
    "mpim": ("mpim:write",),
}
KICK = {
    "public_channel": ("channels:manage",),
    "private_channel": ("groups:write",),
    "im": ("groups:write",),
    "mpim": ("groups:write",),
}
