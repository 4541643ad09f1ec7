"""THE table of what Usher may do in a tenant, and why. README, app manifest, consent page and doctor all read it here.

Ids are those of the app roles of Microsoft Graph (learn.microsoft.com/graph/permissions-reference).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"  # Microsoft Graph itself, in every tenant


class Kind(StrEnum):
    """`APPLICATION` permissions are granted once by an admin of the tenant, `RSC` ones chat by chat at installation."""

    APPLICATION = "application"
    RSC = "rsc"


@dataclass(frozen=True, slots=True)
class Permission:
    """`id` is the app role's GUID; a resource-specific permission has none."""

    name: str
    id: str
    kind: Kind
    why: str


CHAT_CREATE = Permission(
    "Chat.Create",
    "d9c48af6-9ad9-47ad-82c3-63757137b9af",
    Kind.APPLICATION,
    "Opens the room, a group chat, when an agent accepts.",
)
CHAT_READ_BASIC = Permission(
    "Chat.ReadBasic.All",
    "b2e060da-3baf-4687-9611-f4ebc0f0cbde",
    Kind.APPLICATION,
    "Finds a room whose creation was not answered (names and members only, no messages), so that none opens twice.",
)
CHAT_MEMBERS = Permission(
    "ChatMember.ReadWrite.All",
    "57257249-34ce-4810-a8a2-a03adf0c5693",
    Kind.APPLICATION,
    "Checks that the agent is in their room, adds them if Teams left them out, and clears rooms that nobody needs.",
)
INSTALL_FOR_USER = Permission(
    "TeamsAppInstallation.ReadWriteSelfForUser.All",
    "908de74d-f8b2-4d6b-a9ed-2a17b3b78179",
    Kind.APPLICATION,
    "Installs Usher, and nothing else, for an agent who registers.",
)
INSTALL_IN_CHAT = Permission(
    "TeamsAppInstallation.ReadWriteAndConsentSelfForChat.All",
    "ba1ba90b-2d8f-487e-9f16-80728d85bb5c",
    Kind.APPLICATION,
    "Brings the bot into the rooms that it opened.",
)
APP_CATALOGUE = Permission(
    "AppCatalog.Read.All",
    "e12dae10-5a57-4817-b79d-dfbec5348930",
    Kind.APPLICATION,
    "Finds Usher in the organisation's app catalogue.",
)
PRESENCE = Permission(
    "Presence.Read.All",
    "a70e0c2d-e793-494c-94c4-118fa0a67f42",
    Kind.APPLICATION,
    "Offers chats only to agents whose Teams presence allows it.",
)
USERS = Permission(
    "User.ReadBasic.All",
    "97235f07-e226-4f63-ace3-39588e11d3a1",
    Kind.APPLICATION,
    "Finds people by their sign-in name when a company is loaded.",
)
READ_ROOM = Permission(
    "ChatMessage.Read.Chat",
    "",
    Kind.RSC,
    "Reads what agents write in a room, so that it reaches the customer; only in rooms with Usher in them.",
)

PERMISSIONS: tuple[Permission, ...] = (
    CHAT_CREATE,
    CHAT_READ_BASIC,
    CHAT_MEMBERS,
    INSTALL_FOR_USER,
    INSTALL_IN_CHAT,
    APP_CATALOGUE,
    PRESENCE,
    USERS,
    READ_ROOM,
)
APPLICATION: tuple[Permission, ...] = tuple(entry for entry in PERMISSIONS if entry.kind is Kind.APPLICATION)
# What an installation consents to must equal what the manifest asks for, or Graph refuses it.
RSC: tuple[Permission, ...] = tuple(entry for entry in PERMISSIONS if entry.kind is Kind.RSC)

# Which permission each call of `graph/sdk.py` needs: what a refusal of that call most likely lacks.
NEEDED: Mapping[str, Permission] = {
    "create_chat": CHAT_CREATE,
    "chats_of": CHAT_READ_BASIC,
    "messages_of": READ_ROOM,
    "members": CHAT_MEMBERS,
    "add_member": CHAT_MEMBERS,
    "remove_member": CHAT_MEMBERS,
    "install_in_chat": INSTALL_IN_CHAT,
    "install_for_user": INSTALL_FOR_USER,
    "installation_of": INSTALL_FOR_USER,
    "uninstall_for_user": INSTALL_FOR_USER,
    "catalogue_id": APP_CATALOGUE,
    "presences": PRESENCE,
    "person": USERS,
    "is_gone": USERS,
}

_BEGIN = "<!-- permissions: written by `python -m graph.permissions`, held against the code by a test -->"
_END = "<!-- end of permissions -->"


def table() -> str:
    """The table as Markdown, for people."""
    kinds = {Kind.APPLICATION: "application", Kind.RSC: "in the app manifest, per chat"}
    rows = [f"| `{entry.name}` | {kinds[entry.kind]} | {entry.why} |" for entry in PERMISSIONS]
    return "\n".join(["| permission | kind | what for |", "|---|---|---|", *rows])


def documented(text: str) -> str:
    """A document with the table, as it is now, behind its marker. Raises ValueError when there is no marker."""
    before, marker, after = text.partition(_BEGIN)
    if not marker:
        raise ValueError(f"there is no line {_BEGIN}")
    _, end, rest = after.partition(_END)
    return f"{before}{_BEGIN}\n\n{table()}\n\n{_END}{rest if end else after}"


if __name__ == "__main__":
    readme = Path(__file__).parent.parent / "README.md"
    readme.write_text(documented(readme.read_text(encoding="utf-8")), encoding="utf-8")
