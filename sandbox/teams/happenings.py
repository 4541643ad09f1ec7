"""Changes to chats, by a person on a page or by the product through Graph or the Connector."""

from collections.abc import Sequence
from dataclasses import replace

from sandbox.bells import Ring
from sandbox.chats import Chat, ChatKind, Install
from sandbox.core import Core
from sandbox.messages import BOT, Message
from sandbox.teams import activities
from sandbox.teams.text import plain, shown
from sandbox.world import Person

# With this permission of the manifest the bot gets every message of a chat; without it, mentions only (RSC in Teams, docs).
READS_ALL = "ChatMessage.Read.Chat"


def people_in(core: Core, chat: Chat) -> list[str]:
    return [member.person for member in core.chats.members(chat.id)]


def title(core: Core, chat: Chat, reader: str) -> str:
    """The title of a chat in a person's list."""
    if chat.kind is ChatKind.PERSONAL:
        return core.world.app.name
    if chat.topic:
        return chat.topic
    others = [person for person in core.people.all() if person.id in people_in(core, chat) and person.id != reader]
    return ", ".join(person.name for person in others) or "Chat"


def author(core: Core, sender: str) -> str:
    if sender == BOT:
        return core.world.app.name
    person = core.people.find(sender)
    return person.name if person is not None else ""


def said(core: Core, chat: Chat, message: Message) -> None:
    """Tell open pages about a new message, and show a notification to everybody else."""
    core.messages.add(message)
    core.chats.touch(chat.id, message.at)
    people = people_in(core, chat)
    core.bells.changed(people, chat.id)
    html = message.html if message.html is not None else shown(message.text, message.text_format)
    text = message.summary or (plain(html) if html is not None else message.text)
    for person in people:
        if person != message.sender:
            heading = f"{author(core, message.sender)} · {title(core, chat, person)}"
            core.bells.ring([person], Ring("toast", {"chat": chat.id, "title": heading, "text": text[:200]}))


def changed(core: Core, chat: Chat, message: Message) -> Message:
    newer = core.messages.change(message)
    core.bells.changed(people_in(core, chat), chat.id)
    return newer


def deleted(core: Core, chat: Chat, message: Message) -> None:
    changed(core, chat, replace(message, deleted=True))


def noted(core: Core, chat: Chat, text: str) -> None:
    """A grey line."""
    core.messages.event(chat.id, text)
    core.bells.changed(people_in(core, chat), chat.id)


def bot_hears(core: Core, chat: Chat, *, mentioned: bool = False) -> bool:
    """Whether what a person writes in this chat goes to the bot."""
    if not core.chats.bot_in(chat):
        return False
    return chat.kind is ChatKind.PERSONAL or mentioned or READS_ALL in core.chats.consented(chat)


def installed_for(core: Core, person: Person) -> Install | None:
    """Install the app for a person; returns None if it is installed already. The bot is told."""
    install = core.chats.install(person.id, "personal", ())
    if install is not None:
        chat = core.chats.open_personal(person.id)
        _tell_added(core, chat, person)
        core.bells.changed([person.id], chat.id)
    return install


def uninstalled_for(core: Core, person: Person) -> bool:
    """Remove the app from a person; returns False if it was not installed. The bot is told, and can no longer send."""
    if not core.chats.uninstall(person.id):
        return False
    chat = core.chats.open_personal(person.id)
    core.bot_line.post(activities.installation(core, chat, person, "remove"))
    core.bells.changed([person.id], chat.id)
    return True


def installed_in(core: Core, chat: Chat, consented: Sequence[str]) -> Install | None:
    """Install the app in a group chat; returns None if it is installed already. The bot is told."""
    install = core.chats.install(chat.id, "chat", consented)
    if install is not None:
        noted(core, chat, f"{core.world.app.name} was added to the chat.")
        _tell_added(core, chat, _somebody(core, chat))
    return install


def uninstalled_in(core: Core, chat: Chat) -> None:
    core.chats.uninstall(chat.id)
    noted(core, chat, f"{core.world.app.name} was removed from the chat.")
    somebody = _somebody(core, chat)
    core.bot_line.post(activities.roster(core, chat, somebody, removed=[core.world.app.bot_id]))
    core.bot_line.post(activities.installation(core, chat, somebody, "remove"))


def _tell_added(core: Core, chat: Chat, person: Person) -> None:
    core.bot_line.post(activities.roster(core, chat, person, added=[core.world.app.bot_id]))
    core.bot_line.post(activities.installation(core, chat, person, "add"))


def joined(core: Core, chat: Chat, person: Person, roles: Sequence[str], history_from: int | None = 0) -> None:
    """`history_from`: the member sees messages since this instant (ms); None = from now on."""
    core.chats.join(chat.id, person.id, roles, history_from)
    noted(core, chat, f"{person.name} was added to the chat.")
    if core.chats.bot_in(chat):
        core.bot_line.post(activities.roster(core, chat, person, added=[person.id]))


def left(core: Core, chat: Chat, person: Person) -> None:
    core.chats.leave(chat.id, person.id)
    noted(core, chat, f"{person.name} left the chat.")
    core.bells.changed([person.id], chat.id)
    if core.chats.bot_in(chat):
        core.bot_line.post(activities.roster(core, chat, person, removed=[person.id]))


def renamed(core: Core, chat: Chat, topic: str | None) -> None:
    core.chats.rename(chat.id, topic)
    noted(core, chat, f"The chat is now called {topic}." if topic else "The chat has no name any more.")


def _somebody(core: Core, chat: Chat) -> Person:
    """An app that Graph installs has no person behind it; Teams then names a member as the person who installed it."""
    members = people_in(core, chat)
    return next((person for person in core.people.all() if person.id in members), core.people.all()[0])
