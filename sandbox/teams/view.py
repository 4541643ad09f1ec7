"""What a person's Teams page shows, as JSON (`/teams/api/{user}/state`)."""

from collections.abc import Mapping
from typing import Any

from sandbox.chats import Chat, ChatKind
from sandbox.connector.body import ADAPTIVE
from sandbox.core import Core
from sandbox.graph.chats import web_url
from sandbox.messages import BOT, NO_VIEW, Message, View
from sandbox.people import ACTIVITIES
from sandbox.teams import happenings
from sandbox.teams.text import clean, shown
from sandbox.values import Json
from sandbox.world import Person

MOST_CHATS = 100


def state(core: Core, me: Person) -> Json:
    app = core.world.app
    links = core.settings.get("links")
    return {
        "revision": core.bells.revision,
        "tenant": {"id": core.world.tenant_id, "name": core.world.tenant_name},
        "me": _person(core, me) | {"teams_id": core.people.teams_id(me.id)},
        "presences": list(ACTIVITIES),
        "people": [_person(core, person) for person in core.people.all() if person.id != me.id],
        "app": {
            "name": app.name, "catalogue_id": app.catalogue_id, "bot_id": app.bot_id,
            "installed": core.chats.installed(me.id) is not None, "tabs": links.get("tabs", []),
        },
        "chats": [_chat(core, chat, me) for chat in core.chats.of(me.id, limit=MOST_CHATS)],
    }  # fmt: skip


def _person(core: Core, person: Person) -> Json:
    _, activity = core.people.presence(person.id)
    return {"id": person.id, "upn": person.upn, "name": person.name, "presence": activity}


def _chat(core: Core, chat: Chat, me: Person) -> Json:
    app = core.world.app
    members = core.chats.members(chat.id)
    installed = core.chats.bot_in(chat)
    people: list[Json] = [
        {"id": member.person, "name": happenings.author(core, member.person), "kind": "user"} for member in members
    ]
    bot: list[Json] = [{"id": app.bot_id, "name": app.name, "kind": "bot"}] if installed else []
    mine = next(member for member in members if member.person == me.id)
    messages = [one for one in core.messages.latest(chat.id) if one.at >= mine.history_from]
    views = core.messages.views(chat.id, me.id)
    unread = [
        one
        for one in messages
        if one.at > mine.read_at and one.sender != me.id and one.kind == "message" and not one.deleted
    ]
    return {
        "id": chat.id, "kind": "personal" if chat.kind is ChatKind.PERSONAL else "group",
        "title": happenings.title(core, chat, me.id), "web_url": web_url(core, chat), "members": people + bot,
        "app_installed": installed, "reads_all": happenings.bot_hears(core, chat),
        "can_write": installed or chat.kind is not ChatKind.PERSONAL, "unread": len(unread), "updated_at": chat.updated_at,
        "messages": [_message(core, message, me, views.get(message.id, NO_VIEW)) for message in messages],
    }  # fmt: skip


def _message(core: Core, message: Message, me: Person, view: View) -> Json:
    bot = message.sender == BOT
    kind = "bot" if bot else "user" if message.sender else "system"
    value: Json = {
        "id": message.id, "at": message.at, "kind": message.kind,
        "from": {
            "id": core.world.app.bot_id if bot else message.sender, "name": happenings.author(core, message.sender), "kind": kind,
        },
        "mine": message.sender == me.id, "edited_at": message.edited_at, "deleted": message.deleted, "text": "",
        "text_format": message.text_format, "html": None, "cards": [], "summary": "", "refresh_due": False, "error": None,
    }  # fmt: skip
    if message.deleted:
        return value
    html = clean(message.html) if message.html is not None else shown(message.text, message.text_format)
    value |= {"text": message.text, "html": html or None, "summary": message.summary}
    if message.attachments:
        value |= {"cards": cards(message, view), "error": view.error}
        value["refresh_due"] = view.refreshed < message.version and refreshes(core, message, me)
    return value


def cards(message: Message, view: View) -> list[Json]:
    """The message's Adaptive Cards as the person with this view sees them."""
    if view.card is not None:
        return [{"content": view.card, "own_view": True}]
    adaptive = [one["content"] for one in message.attachments if one.get("contentType") == ADAPTIVE]
    return [{"content": content, "own_view": False} for content in adaptive]


def refresh_action(message: Message) -> Mapping[str, Any] | None:
    """The `refresh` of the card that everybody sees."""
    for attachment in message.attachments:
        refresh = attachment.get("content", {}).get("refresh")
        if refresh is not None:
            return refresh
    return None


def refreshes(core: Core, message: Message, me: Person) -> bool:
    """Whether Teams asks the bot automatically for this person's view: only people that the card names."""
    refresh = refresh_action(message)
    return refresh is not None and core.people.teams_id(me.id) in refresh.get("userIds", ())
