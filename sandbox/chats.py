"""Chats, their members, and the app's installations."""

import base64
import hashlib
import json
import sqlite3
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sandbox.clock import now
from sandbox.database import Database


class ChatKind(StrEnum):
    PERSONAL = "personal"  # one person and the bot; only the bot's id (`a:…`) is used here
    GROUP = "group"
    ONE_ON_ONE = "oneOnOne"


@dataclass(frozen=True, slots=True)
class Chat:
    """`id` is `a:…` for a personal chat with the bot, `19:…@thread.v2` for a group chat. Instants in ms."""

    id: str
    kind: ChatKind
    topic: str | None
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class Member:
    """`history_from`: the member sees messages since this instant (ms); 0 = all."""

    person: str
    roles: tuple[str, ...]
    joined_at: int
    read_at: int
    history_from: int


@dataclass(frozen=True, slots=True)
class Install:
    """One installation of the app. `subject` is a person's id (scope `personal`) or a chat's id (scope `chat`)."""

    id: str
    subject: str
    scope: str
    consented: tuple[str, ...]


class Chats:
    """Chats, members and installations."""

    def __init__(self, database: Database, client_id: str) -> None:
        self._database = database
        self._client_id = client_id

    def personal_id(self, person: str) -> str:
        """Return the bot's id of its chat with a person: opaque, and different from Graph's `19:…` id of the same
        chat."""
        digest = hashlib.sha256(f"{self._client_id} chat {person}".encode()).digest()
        return "a:1" + base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def open_personal(self, person: str) -> Chat:
        """Return a person's chat with the bot; create it if there is none. It outlives an uninstallation."""
        chat = self.personal_id(person)
        at = now()
        with self._database.together():
            self._database.run("INSERT OR IGNORE INTO chats VALUES (?, ?, NULL, ?, ?)", chat, ChatKind.PERSONAL, at, at)
            self._join(chat, person, ("owner",), at)
        return self.must(chat)

    def create(self, kind: ChatKind, topic: str | None, people: Iterable[tuple[str, Sequence[str]]]) -> Chat:
        """Create a chat of these people (id, roles)."""
        chat, at = f"19:{uuid.uuid4().hex}@thread.v2", now()
        with self._database.together():
            self._database.run("INSERT INTO chats VALUES (?, ?, ?, ?, ?)", chat, kind, topic, at, at)
            for person, roles in people:
                self._join(chat, person, roles, at)
        return self.must(chat)

    def _join(self, chat: str, person: str, roles: Sequence[str], at: int, history_from: int = 0) -> None:
        # A message of this millisecond counts as unread.
        packed = json.dumps(list(roles))
        self._database.run(
            "INSERT OR IGNORE INTO members (chat, person, roles, joined_at, read_at, history_from) VALUES (?, ?, ?, ?, ?, ?)",
            chat, person, packed, at, at - 1, history_from,
        )  # fmt: skip

    def get(self, chat: str) -> Chat | None:
        row = self._database.row("SELECT * FROM chats WHERE id = ?", chat)
        return _chat(row) if row is not None else None

    def must(self, chat: str) -> Chat:
        found = self.get(chat)
        assert found is not None, chat
        return found

    def of(self, person: str, *, topic: str | None = None, limit: int = 100) -> list[Chat]:
        """Somebody's chats, newest activity first."""
        rows = self._database.rows(
            "SELECT chats.* FROM chats JOIN members ON chat = id WHERE person = ? AND (? IS NULL OR topic = ?) "
            "ORDER BY updated_at DESC, id LIMIT ?",
            person, topic, topic, limit,
        )  # fmt: skip
        return [_chat(row) for row in rows]

    def delete(self, chat: str) -> None:
        with self._database.together():
            self._database.run("DELETE FROM installs WHERE subject = ?", chat)
            self._database.run("DELETE FROM members WHERE chat = ?", chat)
            self._database.run("DELETE FROM chats WHERE id = ?", chat)

    def rename(self, chat: str, topic: str | None) -> None:
        self._database.run("UPDATE chats SET topic = ?, updated_at = ? WHERE id = ?", topic, now(), chat)

    def touch(self, chat: str, at: int) -> None:
        self._database.run("UPDATE chats SET updated_at = ? WHERE id = ?", at, chat)

    def members(self, chat: str) -> list[Member]:
        rows = self._database.rows("SELECT * FROM members WHERE chat = ? ORDER BY joined_at, person", chat)
        return [
            Member(
                row["person"], tuple(json.loads(row["roles"])), row["joined_at"], row["read_at"], row["history_from"]
            )
            for row in rows
        ]

    def is_member(self, chat: str, person: str) -> bool:
        return self._database.row("SELECT 1 FROM members WHERE chat = ? AND person = ?", chat, person) is not None

    def join(self, chat: str, person: str, roles: Sequence[str], history_from: int | None = 0) -> None:
        """`history_from`: None = the member sees no earlier messages."""
        at = now()
        self._join(chat, person, roles, at, at if history_from is None else history_from)

    def leave(self, chat: str, person: str) -> bool:
        return self._database.run("DELETE FROM members WHERE chat = ? AND person = ?", chat, person) > 0

    def mark_read(self, chat: str, person: str) -> None:
        self._database.run("UPDATE members SET read_at = ? WHERE chat = ? AND person = ?", now(), chat, person)

    def install(self, subject: str, scope: str, consented: Sequence[str]) -> Install | None:
        """Install the app for a person or in a chat; returns None if it is installed already."""
        # Graph's ids of installations are opaque base64 strings.
        opaque = base64.b64encode(f"{subject}##{uuid.uuid4()}".encode()).decode()
        added = self._database.run(
            "INSERT OR IGNORE INTO installs VALUES (?, ?, ?, ?, ?)",
            subject,
            opaque,
            scope,
            json.dumps(list(consented)),
            now(),
        )
        return self.installed(subject) if added else None

    def installed(self, subject: str) -> Install | None:
        row = self._database.row("SELECT * FROM installs WHERE subject = ?", subject)
        if row is None:
            return None
        return Install(row["id"], row["subject"], row["scope"], tuple(json.loads(row["consented"])))

    def uninstall(self, subject: str) -> bool:
        return self._database.run("DELETE FROM installs WHERE subject = ?", subject) > 0

    def bot_in(self, chat: Chat) -> bool:
        return self.installed(self.subject(chat)) is not None

    def subject(self, chat: Chat) -> str:
        """Return the subject of an installation for this chat: the chat itself, or the person of a personal chat."""
        return self.members(chat.id)[0].person if chat.kind is ChatKind.PERSONAL else chat.id

    def consented(self, chat: Chat) -> tuple[str, ...]:
        """The resource-specific permissions that were granted to the app in this chat."""
        install = self.installed(self.subject(chat))
        return install.consented if install is not None else ()


def _chat(row: sqlite3.Row) -> Chat:
    return Chat(row["id"], ChatKind(row["kind"]), row["topic"], row["created_at"], row["updated_at"])
