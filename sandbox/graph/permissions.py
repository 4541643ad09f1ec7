"""Which application permissions allow which endpoint (each endpoint's own page in Graph's reference, docs).

Any permission of a row is enough. Names that end in `.Chat` are resource-specific: they count if the app is installed in
the chat and they were consented there.
"""

from collections.abc import Sequence

from sandbox.problems import refuse

_READ_CHAT = ("Chat.ReadBasic.All", "Chat.Read.All", "Chat.ReadWrite.All")
_CONSENT_CHAT = (
    "TeamsAppInstallation.ReadWriteAndConsentForChat.All",
    "TeamsAppInstallation.ReadWriteAndConsentSelfForChat.All",
)
_WRITE_CHAT = (
    "TeamsAppInstallation.ReadWriteForChat.All",
    "TeamsAppInstallation.ReadWriteSelfForChat.All",
    *_CONSENT_CHAT,
)
_WRITE_USER = (
    "TeamsAppInstallation.ReadWriteSelfForUser.All", "TeamsAppInstallation.ReadWriteForUser.All",
    "TeamsAppInstallation.ReadWriteAndConsentSelfForUser.All", "TeamsAppInstallation.ReadWriteAndConsentForUser.All",
)  # fmt: skip
_USERS = ("User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")

NEEDS: dict[str, tuple[str, ...]] = {
    "Chats.Create": ("Chat.Create", "Teamwork.Migrate.All"),
    "Chats.Get": (*_READ_CHAT, "ChatSettings.Read.Chat", "ChatSettings.ReadWrite.Chat", "Chat.Manage.Chat"),
    "Chats.Update": ("Chat.ReadWrite.All", "ChatSettings.ReadWrite.Chat", "Chat.Manage.Chat"),
    "Chats.ListMembers": (
        "ChatMember.Read.All",
        "ChatMember.ReadWrite.All",
        *_READ_CHAT,
        "ChatMember.Read.Chat",
        "Chat.Manage.Chat",
    ),
    "Chats.ListMessages": ("ChatMessage.Read.Chat", "Chat.Read.All", "Chat.ReadWrite.All"),
    "Chats.AddMember": ("ChatMember.ReadWrite.All", "Chat.ReadWrite.All", "Chat.Manage.Chat"),
    "Chats.DeleteMember": ("ChatMember.ReadWrite.All", "Chat.ReadWrite.All", "Chat.Manage.Chat"),
    "Chats.ListApps": ("TeamsAppInstallation.ReadForChat.All", *_WRITE_CHAT, "TeamsAppInstallation.Read.Chat"),
    "Chats.InstallApp": _CONSENT_CHAT,  # an app that asks for resource-specific permissions needs the consenting ones
    "Chats.UninstallApp": _WRITE_CHAT,
    "Users.ListApps": ("TeamsAppInstallation.ReadForUser.All", *_WRITE_USER),
    "Users.InstallApp": _WRITE_USER,
    "Users.UninstallApp": _WRITE_USER,
    "Users.ListChats": _READ_CHAT,
    "Users.List": _USERS,
    "Users.Get": _USERS,
    "Apps.List": ("AppCatalog.Read.All", "AppCatalog.ReadWrite.All"),
    "Presence.GetMany": ("Presence.Read.All", "Presence.ReadWrite.All"),
}

_DIRECTORY = {"Users.List", "Users.Get"}


def check_roles(operation: str, roles: Sequence[str], consented: Sequence[str] = ()) -> None:
    """Raises the service's refusal if neither the token's roles nor the chat's consent are enough."""
    needs = NEEDS[operation]
    if any(need in (consented if need.endswith(".Chat") else roles) for need in needs):
        return
    if operation in _DIRECTORY:
        raise refuse("graph.role_missing_people")
    raise refuse("graph.role_missing", needs=", ".join(needs), has=", ".join(roles))
