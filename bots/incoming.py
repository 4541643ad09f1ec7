"""What Teams sent, read strictly into what we use of it. Sources: the Bot Framework activity schema, Teams bot docs."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from store.ids import is_guid

Json = Mapping[str, Any]

TEAMS = "msteams"
EMULATOR = "emulator"
_ID = re.compile(r"[^\x00-\x20\x7f]{1,512}")


class Malformed(Exception):
    """This is no activity; the text names the field."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One activity. `user` and `tenant` are Entra's ids in lower case, empty where Teams sent none."""

    kind: str  # its `type`: message, messageUpdate, messageDelete, conversationUpdate, installationUpdate, invoke, …
    name: str  # of an invoke: adaptiveCard/action, …
    id: str
    at: str  # Teams' own timestamp: edits of one message differ in nothing else
    tenant: str
    user: str
    user_name: str
    teams_user: str  # 29:…, known to this bot only; empty where no person sent it
    person: bool  # whether a person sent it; guests from other organisations have no `user`
    bot: str  # 28:…
    targeted: bool  # shown to the bot only, though it was written in a room
    conversation: str  # without the thread in it
    scope: str  # personal, groupChat, channel
    service_url: str
    channel: str
    locale: str
    text: str
    html: tuple[str, ...]  # the text/html attachments, which say more than `text`
    files: bool  # something is attached that is no text
    mentions_of_bot: tuple[str, ...]  # the texts in which the bot is mentioned
    event: str  # channelData.eventType: editMessage, undeleteMessage, softDeleteMessage, …
    action: str  # of an installationUpdate: add, add-upgrade, remove, remove-upgrade
    added: tuple[str, ...]  # ids of members
    removed: tuple[str, ...]
    value: object  # of a card's button
    reply_to: str

    @property
    def key(self) -> str:
        """The same for an activity and its repetition, and for nothing else. Edits keep their message's id."""
        version = f" {self.event} {self.at}" if self.kind in {"messageUpdate", "messageDelete"} else ""
        text = f"{self.conversation} {self.kind} {self.id}{version}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def read(raw: object, *, default_tenant: str = "") -> Incoming:
    """An activity out of its JSON. Raises Malformed. `default_tenant` is for local clients that belong to none."""
    if not isinstance(raw, dict):
        raise Malformed("not an object")
    body = cast("Json", raw)
    sender, recipient, conversation = (_object(body, name) for name in ("from", "recipient", "conversation"))
    data = _object(body, "channelData")
    kind, service_url = _id(body, "type"), _id(body, "serviceUrl")
    if not service_url.startswith(("https://", "http://")):
        raise Malformed("serviceUrl")
    tenant = _text(conversation, "tenantId") or _text(_object(data, "tenant"), "id") or default_tenant
    if not is_guid(tenant):
        raise Malformed("conversation.tenantId")
    user = _text(sender, "aadObjectId").lower()
    bot = _text(recipient, "id")
    html, files = _attachments(body)
    return Incoming(
        kind=kind,
        name=_text(body, "name"),
        id=_id(body, "id") if kind in _WITH_ID else _text(body, "id"),
        at=_text(body, "timestamp"),
        tenant=tenant.lower(),
        user=user if is_guid(user) else "",
        user_name=_text(sender, "name"),
        # Nobody sent what an app's own installation brings.
        teams_user=_id(sender, "id", "from.id") if kind in _WITH_ID or sender.get("id") else "",
        person=_is_person(sender, bot),
        bot=bot,
        targeted=recipient.get("isTargeted") is True,
        # What is written in a thread of a chat is written in the chat: `19:…@thread.v2;messageid=…`.
        conversation=_id(conversation, "id", "conversation.id").partition(";")[0],
        # Teams always says it; local clients know only conversations of two.
        scope=_text(conversation, "conversationType") or ("" if conversation.get("isGroup") else "personal"),
        service_url=service_url,
        channel=_id(body, "channelId"),
        locale=_text(body, "locale"),
        text=_text(body, "text"),
        html=html,
        files=files,
        mentions_of_bot=tuple(_mentions(body, bot)),
        event=_text(data, "eventType"),
        action=_text(body, "action"),
        added=_members(body, "membersAdded"),
        removed=_members(body, "membersRemoved"),
        value=body.get("value"),
        reply_to=_text(body, "replyToId"),
    )


_WITH_ID = frozenset({"message", "messageUpdate", "messageDelete", "invoke"})
_BOTS = frozenset({"bot", "skill"})
_TEXT_TYPES = frozenset({"text/html", "text/plain"})


def _object(body: Json, name: str) -> Json:
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Malformed(name)
    return cast("Json", value)


def _text(body: Json, name: str) -> str:
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Malformed(name)
    # JSON may hold halves of surrogate pairs, which no store and no other server takes.
    return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _id(body: Json, name: str, path: str = "") -> str:
    value = _text(body, name)
    if not _ID.fullmatch(value):
        raise Malformed(path or name)
    return value


def _objects(body: Json, name: str) -> Sequence[Json]:
    value = body.get(name)
    if value is None:
        return ()
    entries = cast("list[object]", value) if isinstance(value, list) else [value]
    if not all(isinstance(entry, dict) for entry in entries):
        raise Malformed(name)
    return cast("list[Json]", entries)


def _members(body: Json, name: str) -> tuple[str, ...]:
    return tuple(_text(member, "id") for member in _objects(body, name))


def _is_person(sender: Json, bot: str) -> bool:
    own = _text(sender, "id")
    return bool(own) and own != bot and not own.startswith("28:") and _text(sender, "role").lower() not in _BOTS


def _attachments(body: Json) -> tuple[tuple[str, ...], bool]:
    html: list[str] = []
    files = False
    for attachment in _objects(body, "attachments"):
        kind, content = _text(attachment, "contentType").partition(";")[0].strip().lower(), attachment.get("content")
        if kind == "text/html" and isinstance(content, str):
            html.append(_text(attachment, "content"))
        elif kind not in _TEXT_TYPES:
            files = True
    return tuple(html), files


def _mentions(body: Json, bot: str) -> list[str]:
    return [
        _text(entity, "text")
        for entity in _objects(body, "entities")
        if _text(entity, "type").lower() == "mention" and _text(_object(entity, "mentioned"), "id") == bot
    ]
