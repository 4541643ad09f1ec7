"""The contents of chats: messages, cards, events (grey lines), and each person's view of a card."""

import base64
import json
import sqlite3
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sandbox.clock import now
from sandbox.database import Database

BOT = "bot"
SYSTEM = ""
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of a chat. `sender` is an object id, `bot`, `nobody` (an unknown person),
    or empty for an event (a grey line)."""

    chat: str
    id: str
    at: int
    sender: str
    text: str = ""
    text_format: str = "plain"
    html: str | None = None
    attachments: Sequence[dict[str, Any]] = ()
    summary: str = ""
    version: int = 1
    edited_at: int | None = None
    deleted: bool = False
    kind: str = "message"


@dataclass(frozen=True, slots=True)
class View:
    """How one person sees a message: a card that the bot returned for their click, or the error text."""

    card: dict[str, Any] | None
    error: str | None
    refreshed: int  # the version for which this person's client has asked the bot to refresh; 0 = none yet


NO_VIEW = View(None, None, 0)


class Messages:
    """All messages, and the views of them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        last = database.row("SELECT max(at) AS at FROM messages")
        self._last: int = last["at"] or 0 if last is not None else 0

    def new_id(self, *, opaque: bool = False) -> tuple[str, int]:
        """Return (id, at). Teams' ids are the millisecond of sending, and unique; the bot's ids in a personal chat are opaque."""
        self._last = max(now(), self._last + 1)
        return (f"1:1{_opaque()}" if opaque else str(self._last)), self._last

    def add(self, message: Message) -> None:
        self._database.run(
            "INSERT INTO messages (chat, id, at, kind, sender, text, text_format, html, attachments, summary, version, "
            "edited_at, deleted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            message.chat, message.id, message.at, message.kind, message.sender, message.text, message.text_format,
            message.html, json.dumps(message.attachments), message.summary, message.version, message.edited_at,
            message.deleted,
        )  # fmt: skip

    def event(self, chat: str, text: str) -> None:
        """Add an event (grey line): somebody joined, the chat was renamed."""
        opaque, at = self.new_id()
        self.add(Message(chat, opaque, at, SYSTEM, text, kind="event"))

    def get(self, chat: str, message: str) -> Message | None:
        row = self._database.row("SELECT * FROM messages WHERE chat = ? AND id = ?", chat, message)
        return _message(row) if row is not None else None

    def change(self, message: Message) -> Message:
        """Replace a message by a new version for everybody; personal views are deleted."""
        newer = replace(message, version=message.version + 1, edited_at=self.new_id()[1])
        with self._database.together():
            self._database.run(
                "UPDATE messages SET text = ?, text_format = ?, html = ?, attachments = ?, summary = ?, version = ?, "
                "edited_at = ?, deleted = ? WHERE chat = ? AND id = ?",
                newer.text, newer.text_format, newer.html, json.dumps(newer.attachments), newer.summary, newer.version,
                newer.edited_at, newer.deleted, newer.chat, newer.id,
            )  # fmt: skip
            self._database.run(
                "UPDATE views SET card = NULL, error = NULL WHERE chat = ? AND message = ?", newer.chat, newer.id
            )
        return newer

    def latest(self, chat: str, count: int = 200) -> list[Message]:
        """Oldest first."""
        rows = self._database.rows("SELECT * FROM messages WHERE chat = ? ORDER BY number DESC LIMIT ?", chat, count)
        return [_message(row) for row in reversed(rows)]

    def view(self, chat: str, message: str, person: str) -> View:
        row = self._database.row(
            "SELECT * FROM views WHERE chat = ? AND message = ? AND person = ?", chat, message, person
        )
        if row is None:
            return NO_VIEW
        return _view(row)

    def views(self, chat: str, person: str) -> dict[str, View]:
        """Return all views of a person in a chat, by message."""
        rows = self._database.rows("SELECT * FROM views WHERE chat = ? AND person = ?", chat, person)
        return {row["message"]: _view(row) for row in rows}

    def set_view(self, chat: str, message: str, person: str, view: View) -> None:
        card = json.dumps(view.card) if view.card is not None else None
        self._database.run(
            "INSERT OR REPLACE INTO views VALUES (?, ?, ?, ?, ?, ?)",
            chat,
            message,
            person,
            card,
            view.error,
            view.refreshed,
        )


def _opaque() -> str:
    return base64.urlsafe_b64encode(uuid.uuid4().bytes + uuid.uuid4().bytes).decode().rstrip("=")


def _message(row: sqlite3.Row) -> Message:
    return Message(
        chat=row["chat"], id=row["id"], at=row["at"], sender=row["sender"], text=row["text"],
        text_format=row["text_format"], html=row["html"], attachments=json.loads(row["attachments"]),
        summary=row["summary"], version=row["version"], edited_at=row["edited_at"], deleted=bool(row["deleted"]),
        kind=row["kind"],
    )  # fmt: skip


def _view(row: sqlite3.Row) -> View:
    return View(json.loads(row["card"]) if row["card"] else None, row["error"], row["refreshed"])
