"""The activities that Teams sends to a bot, field by field (activity schema and Teams conversation events, docs)."""

import uuid
from collections.abc import Sequence

from sandbox.chats import Chat, ChatKind
from sandbox.clock import iso, now
from sandbox.core import Core
from sandbox.messages import Message
from sandbox.teams.text import plain, typed
from sandbox.values import Json
from sandbox.world import Person

Activity = Json


def _base(core: Core, chat: Chat, person: Person, kind: str, *, said: Message | None = None) -> Activity:
    """The fields of every activity. An event has no message, and an opaque id."""
    at = now()
    activity_id = said.id if said is not None else f"f:{uuid.uuid4()}"
    app, tenant = core.world.app, core.world.tenant_id
    conversation: Json = {"id": chat.id, "tenantId": tenant, "conversationType": "personal"}
    if chat.kind is not ChatKind.PERSONAL:
        conversation |= {"conversationType": "groupChat", "isGroup": True}
    return {
        "type": kind, "id": activity_id, "timestamp": iso(at), "localTimestamp": iso(at), "localTimezone": "Europe/Zurich",
        "channelId": "msteams", "serviceUrl": core.service_url, "from": account(core, person),
        "conversation": conversation, "recipient": {"id": app.bot_id, "name": app.name}, "locale": "en-GB",
        "channelData": {"tenant": {"id": tenant}},
        "entities": [
            {"type": "clientInfo", "locale": "en-GB", "country": "GB", "platform": "Web", "timezone": "Europe/Zurich"},
        ],
    }  # fmt: skip


def account(core: Core, person: Person) -> dict[str, str]:
    return {"id": core.people.teams_id(person.id), "name": person.name, "aadObjectId": person.id}


def message(core: Core, chat: Chat, person: Person, said: Message, *, mention_bot: bool = False) -> Activity:
    """A person wrote a message. `text` lacks what only the html part has."""
    app = core.world.app
    if said.html is not None:
        text, html = plain(said.html), said.html
    else:
        text, html = typed(said.text, (app.name, "0") if mention_bot else None)
    activity = _base(core, chat, person, "message", said=said)
    activity |= {
        "text": text, "textFormat": "plain", "attachments": [{"contentType": "text/html", "content": html}],
    }  # fmt: skip
    if mention_bot:
        mention = {"type": "mention", "mentioned": {"id": app.bot_id, "name": app.name}, "text": f"<at>{app.name}</at>"}
        activity["entities"].append(mention)
    return activity


def message_update(core: Core, chat: Chat, person: Person, said: Message, event: str) -> Activity:
    """A person edited a message (`editMessage`) or restored it (`undeleteMessage`)."""
    activity = message(core, chat, person, said)
    activity["type"] = "messageUpdate"
    activity["channelData"]["eventType"] = event
    return activity


def message_delete(core: Core, chat: Chat, person: Person, said: Message) -> Activity:
    activity = _base(core, chat, person, "messageDelete", said=said)
    activity["channelData"]["eventType"] = "softDeleteMessage"
    return activity


def submitted(core: Core, chat: Chat, person: Person, card: Message, data: object) -> Activity:
    """An Action.Submit: a message with a value and no text."""
    said = Message(chat.id, *core.messages.new_id(), person.id)
    return _base(core, chat, person, "message", said=said) | {"value": data, "replyToId": card.id}


def executed(core: Core, chat: Chat, person: Person, card: Message, value: Json) -> Activity:
    """An Action.Execute, or a card's refresh: an invoke that the bot answers with a card or a text.

    `value` is `{"action": …, "trigger": "manual" or "automatic"}`.
    """
    activity = _base(core, chat, person, "invoke")
    activity |= {
        "name": "adaptiveCard/action", "value": value, "replyToId": card.id,
    }  # fmt: skip
    activity["channelData"]["source"] = {"name": "message"}
    return activity


def installation(core: Core, chat: Chat, person: Person, action: str) -> Activity:
    """The app was installed (`add`) or removed (`remove`)."""
    return _base(core, chat, person, "installationUpdate") | {"action": action}


def roster(
    core: Core, chat: Chat, person: Person, *, added: Sequence[str] = (), removed: Sequence[str] = ()
) -> Activity:
    """People or the bot (`28:…`) joined or left."""
    activity = _base(core, chat, person, "conversationUpdate")
    if added:
        activity["membersAdded"] = [_named(core, who) for who in added]
    if removed:
        activity["membersRemoved"] = [_named(core, who) for who in removed]
    return activity


def _named(core: Core, who: str) -> dict[str, str]:
    person = core.people.find(who)
    return {"id": who} if person is None else {"id": core.people.teams_id(person.id), "aadObjectId": person.id}
