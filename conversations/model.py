"""What a conversation and its messages are, and how they are read from what is stored.

ConversationError
├── NoSuchConversation
├── ConversationClosed
├── ConversationMoved
├── TextTooLong
└── NoAccess            (access.py raises it)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

MAX_TEXT: Final = 8_000
"""Characters in one message: what a long answer needs, and a third of what one Teams activity carries."""

KEEP_SECONDS: Final = 30 * 24 * 3600
"""A transcript lives so long after the last word in it; closed tasks are kept for the same time."""

UNUSED_SECONDS: Final = 25 * 3600
"""A conversation in which nobody says a word outlives its visitor's token (a day) by an hour."""


HOUR_BYTES: Final = 2 * 1024 * 1024
CHAT_BYTES: Final = 8 * 1024 * 1024
"""What one visitor may write in an hour, and in a chat: a hundred times what somebody types, and no more than a store bears."""

LATE_MS: Final = 10_000
"""A message that has not reached the room after so long is marked: for the visitor, in the room, and on Team."""

NOTICE: Final = "notice:"
"""Before the id of a message in the room: the field of a notice that waits, and the slot of one that was said."""

GREETING_ID: Final = "arrival:greeting"
"""The client id of a service's greeting."""


class ConversationError(Exception):
    """Something about a conversation does not hold."""


class NoSuchConversation(ConversationError):
    """There is no such conversation (any more)."""


class ConversationClosed(ConversationError):
    """The chat has ended; it never opens again."""


class ConversationMoved(ConversationError):
    """The chat goes on in another room."""


class ConversationFull(ConversationError):
    """The visitor has written as much as one chat may hold. `after_seconds`: until it may go on; None = never."""

    def __init__(self, after_seconds: float | None) -> None:
        super().__init__("the visitor has written too much")
        self.after_seconds = after_seconds


class TextTooLong(ConversationError):
    """A message has more than `limit` characters."""

    def __init__(self, limit: int = MAX_TEXT) -> None:
        super().__init__(f"a message may have {limit} characters")
        self.limit = limit


class NoAccess(ConversationError):
    """This person may not open this conversation, or there is none: which of the two is not said."""


class Sender(StrEnum):
    """Who speaks. A NOTE is an agent's word to their colleagues (`//`): in the transcript, never to the visitor."""

    VISITOR = "visitor"
    AGENT = "agent"
    SYSTEM = "system"
    NOTE = "note"


class Kind(StrEnum):
    """EDIT and DELETE refer to an earlier message and leave it as it was stored."""

    TEXT = "text"
    EDIT = "edit"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Message:
    """One stored entry. `seq` counts from 1 without gaps; `at` is the instant of storing (ms)."""

    seq: int
    sender: Sender
    kind: Kind
    author: str  # display name
    author_id: str  # Entra object id of an agent, else ""
    text: str
    at: int
    client_id: str
    refers_to: int | None  # the message that an EDIT or DELETE changes
    was: Sender | None = None  # AGENT on an edit that made a note of the message; None on all others


def as_seen(messages: Sequence[Message]) -> list[Message]:
    """In the order in which the visitor saw them: the greeting is stored after their first message, and stood above it."""
    return sorted(messages, key=lambda one: not (one.sender is Sender.SYSTEM and one.client_id == GREETING_ID))


def is_visitors(message: Message) -> bool:
    """Whether these are words of the visitor's."""
    return message.sender is Sender.VISITOR and message.kind is Kind.TEXT


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as it is now; its id is the task's. Instants are milliseconds since the epoch."""

    tenant: str
    id: str
    service: str | None  # None = direct to `user`
    user: str | None
    customer: str = ""
    email: str = ""
    page: str = ""
    locale: str = ""
    widget: str = ""
    earlier: str = ""  # the conversation that this visitor had before, if they came back with it
    started_at: int = 0
    last_seq: int = 0
    last_public_seq: int = 0  # the last entry that the visitor may see
    chat_id: str = ""  # the room in Teams, once it is there
    chat_url: str = ""
    left: tuple[
        str, ...
    ] = ()  # rooms that it was in before, for Teams did not let another agent in; the first one first
    relayed_seq: int | None = None  # up to here everything is in the room
    failed: tuple[int, ...] = ()  # messages of the visitor that Teams refused for good
    opening_seq: int | None = None  # up to here the opening card shows what was said; batches begin behind it
    closed_at: int | None = None
    privacy_at: int | None = None  # when the visitor accepted the privacy text
    begun_at: int | None = None  # when its task was created
    notices: tuple[
        tuple[str, str], ...
    ] = ()  # what is still to be said in the room: (id of a message there, key of the words)
    refusals: int = 0  # how often in a row the room has refused something
    second: str = ""  # object id of the second person in the room, whose words stay among the agents; "" = nobody

    @property
    def page_shown(self) -> str:
        """The page as agents read it: without the scheme, and without a query, which may hold what is not theirs."""
        address = self.page.partition("?")[0].partition("#")[0]
        return address.removeprefix("https://").removeprefix("http://").rstrip("/")


@dataclass(frozen=True, slots=True)
class Said:
    """Where a message stands. `seq` is 0 for an edit or delete that waits for the message it changes."""

    seq: int
    duplicate: bool
    at: int


@dataclass(frozen=True, slots=True)
class RoomIntent:
    """A room that was or will be asked for: look for it by `topic` and `at` when an answer was lost."""

    topic: str
    at: int
    chat_id: str  # "" until it is bound
    chat_url: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What is sent to Teams as one activity. The range stays the same however often it is sent."""

    first: int
    last: int
    messages: tuple[Message, ...]
    at: int = field(default=0, compare=False)  # when it was handed out first (ms)
    late: bool = field(default=False, compare=False)  # its first message is older than `LATE_MS` by now
    doubtful: bool = field(default=False, compare=False)  # Teams may have it already: it was handed out before
    refused: int = field(default=0, compare=False)  # so often Teams did not want it


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture that stands in Teams: in which conversation and activity, and the digest of what it shows."""

    conversation_ref: str
    activity_id: str
    digest: str


def _instant(value: str | None) -> int | None:
    return int(value) if value else None


def _refusals(noted: str, chat: str) -> int:
    """Those of another chat, in which the talk was before, say nothing about this one."""
    count, _, where = noted.partition(" ")
    return int(count) if count and where == chat else 0


def read_conversation(tenant: str, conversation: str, facts: Mapping[str, str]) -> Conversation:
    """A conversation out of its stored fields; what is empty is not stored."""
    get = facts.get
    return Conversation(
        tenant=tenant,
        id=conversation,
        service=get("service"),
        user=get("user"),
        customer=get("customer", ""),
        email=get("email", ""),
        page=get("page", ""),
        locale=get("locale", ""),
        widget=get("widget", ""),
        earlier=get("earlier", ""),
        started_at=int(facts["started"]),
        last_seq=int(facts["last"]),
        last_public_seq=int(facts["public"]),
        chat_id=get("chat", ""),
        chat_url=get("chat_url", ""),
        left=tuple(get("left", "").split()),
        relayed_seq=_instant(get("relayed")),
        failed=tuple(int(seq) for seq in get("failed", "").split()),
        opening_seq=_instant(get("opening")),
        closed_at=_instant(get("closed")),
        privacy_at=_instant(get("privacy")),
        begun_at=_instant(get("begun")),
        notices=tuple(
            (name.removeprefix(NOTICE), key) for name, key in sorted(facts.items()) if name.startswith(NOTICE)
        ),
        refusals=_refusals(get("refusals", ""), get("chat", "")),
        second=get("second", ""),
    )


def read_message(entry_id: str, fields: Mapping[str, str]) -> Message:
    """A message out of its stream entry, whose id is `<seq>-0`."""
    get = fields.get
    refers, was = get("r"), get("w")
    return Message(
        seq=int(entry_id.partition("-")[0]),
        sender=Sender(fields["s"]),
        kind=Kind(fields["k"]),
        author=get("a", ""),
        author_id=get("i", ""),
        text=get("t", ""),
        at=int(fields["at"]),
        client_id=fields["c"],
        refers_to=int(refers) if refers else None,
        was=Sender(was) if was else None,
    )


def read_entry(entry: Sequence[str | Sequence[str]]) -> Message:
    """A message out of a script's reply: `[stream id, [field, value, …]]`."""
    entry_id, flat = entry
    assert isinstance(entry_id, str)
    fields = iter(flat)
    return read_message(entry_id, dict(zip(fields, fields, strict=True)))
