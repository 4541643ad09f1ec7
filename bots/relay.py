"""Everything that is posted inside a room: the opening card, what the visitor says, and that it is over."""

import html
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from bots.arrivals import Arrivals, has_words, is_card_of
from bots.connector import Json, Place
from bots.outbox import Outbox
from bots.pacing import Priority
from bots.path import TeamsPath
from bots.problems import PATH, Kind, SendProblem
from bots.refusals import Refusals
from bots.room_posts import SUMMARY_CHARACTERS, RoomPosts
from bots.task_cards import TaskCards, card_activity, customer_of
from cards.escape import cut, kept_blanks
from cards.room import left_card
from cards.wording import Wording, wording
from conversations.messages import Batch, Conversation, Conversations, Message, Sender, TextTooLong
from conversations.messages import Kind as MessageKind
from conversations.model import NOTICE, is_visitors
from directory.directory import Directory
from distribution.distributor import Distributor
from distribution.tasks import Outcome, Task, TaskState
from store.due import RetryLater, Subject
from store.links import links
from store.text import plain_line_ends

log = structlog.get_logger(__name__)

OPENING: Final = "opening"
END: Final = "end"
LEFT: Final = "left"
IDLE: Final = "idle"
REFUSED: Final = "refused"

_ENDS: Final[Mapping[Outcome | None, str]] = {
    Outcome.IDLE: "room.ended_idle",
    Outcome.VISITOR_GONE: "room.ended_gone",
    Outcome.STALE: "room.ended_stale",
}
"""Ends that nobody asked for, in words."""

ADDRESS_PAUSE_SECONDS: Final = 1.0
"""Teams tells the bot that it is in the room, and with it the address, a moment after Graph has put it there."""

LONG_ADDRESS_PAUSE_SECONDS: Final = 10.0
YOUNG_MS: Final = 30_000
"""A talk that is older than this, and whose address is unknown still, has a bot that Teams does not reach."""

REFUSED_PAUSE_SECONDS: Final = 5.0
"""What Teams refuses is sent once more after this, before anybody is told."""

NOTED_LATE_MS: Final = 8_000
"""Visitors who may have read that a message is late (10 s) are told when it has arrived; 2 s for the clocks."""

_UNWANTED: Final = frozenset({Kind.REFUSED, Kind.FAILED, Kind.TOO_LARGE})


@dataclass(frozen=True, slots=True)
class _Room:
    """A room and what it belongs to, as it is at this moment."""

    task: Task
    conversation: Conversation
    place: Place
    words: Wording


class Relay:
    """The handler of `relay:<tenant>:<task>`. The due set lets one worker at a time hold a room, which keeps the order."""

    def __init__(
        self,
        *,
        distributor: Distributor,
        conversations: Conversations,
        directory: Directory,
        task_cards: TaskCards,
        outbox: Outbox,
        path: TeamsPath,
        arrivals: Arrivals,
        posts: RoomPosts,
        refusals: Refusals,
    ) -> None:
        self._distributor = distributor
        self._conversations = conversations
        self._directory = directory
        self._task_cards = task_cards
        self._outbox = outbox
        self._path = path
        self._arrivals = arrivals
        self._posts = posts
        self._refusals = refusals

    async def handle(self, subject: Subject) -> None:
        """Post what is not posted yet. Harmless when run twice. Raises RetryLater when Teams wants a pause."""
        room = await self._room(subject.tenant, subject.parts[0])
        if room is None:
            return
        try:
            await self._show_card(room)
            await self._tell_notices(room)
            # Whatever comes while a batch is on its way, or while Teams' limits hold the next one up, goes into the next one.
            while batch := await self._next_batch(room):
                if not await self._send_batch(subject, room, batch):
                    return
            for chat in room.conversation.left:
                await self._leave(subject, room, chat)
            if room.task.idle_warned_at is not None and room.task.ended_at is None:
                await self._warn_of_silence(room, room.task.idle_warned_at)
            if room.task.ended_at is not None:
                await self._tell_end(room)
            if room.task.state is TaskState.CLOSED:
                await self._conversations.close(room.task.tenant, room.task.id)
            await self._refusals.taken(room.task, room.conversation)
        except SendProblem as problem:
            if not await self._path.failed(subject, problem):
                await self._refusals.refused(room.task, room.conversation, problem)

    async def _room(self, tenant: str, task_id: str) -> _Room | None:
        task = await self._distributor.task(tenant, task_id)
        conversation = await self._conversations.get(tenant, task_id)
        if task is None or conversation is None or not conversation.chat_id or task.active_at is None:
            return None
        service_url = await self._directory.service_url(tenant)
        if service_url is None and task.ended_at is not None:
            return None
        if service_url is None:
            young = time.time() * 1000 - task.active_at < YOUNG_MS
            raise RetryLater(
                ADDRESS_PAUSE_SECONDS if young else LONG_ADDRESS_PAUSE_SECONDS,
                "Teams has not said yet where it is reached for this tenant",
            )
        words = wording(await self._task_cards.language(tenant, task.talker or ""))
        return _Room(task, conversation, Place(tenant, service_url, conversation.chat_id), words)

    async def _show_card(self, room: _Room) -> None:
        task = room.task
        drawn = await self._task_cards.opening(task, room.conversation, choice=False)
        shown = await self._conversations.shown(task.tenant, task.id, OPENING)
        here = shown is not None and shown.conversation_ref == room.place.conversation
        if shown is not None and here and shown.digest == drawn.digest:
            return
        activity = card_activity(await self._task_cards.opening(task, room.conversation))
        activity_id = shown.activity_id if shown is not None else ""
        if shown is not None and not here:
            await self._conversations.set_shown(
                task.tenant, task.id, f"{OPENING}:{shown.conversation_ref}", shown.conversation_ref, activity_id, ""
            )
            activity_id = ""
        if activity_id:
            try:
                await self._outbox.update(room.place, activity_id, activity, Priority.UPDATE)
            except SendProblem as problem:
                if problem.kind is not Kind.ACTIVITY_GONE:
                    raise
                log.info("card_gone", task=task.id, code=problem.code)
                activity_id = ""
        if not activity_id:
            activity_id, old = await self._posts.post(task.id, room.place, OPENING, activity, is_card_of(task.id))
            if old:
                # It may show what was true at that try.
                place = room.place.conversation
                await self._conversations.set_shown(task.tenant, task.id, OPENING, place, activity_id, "")
                await self._outbox.update(room.place, activity_id, activity, Priority.UPDATE)
        place = room.place.conversation
        await self._conversations.set_shown(task.tenant, task.id, OPENING, place, activity_id, drawn.digest)

    async def _leave(self, subject: Subject, room: _Room, chat: str) -> None:
        """Say in a room that the talk goes on elsewhere, and take the buttons from its card."""
        task, conversations = room.task, self._conversations
        if await conversations.shown(task.tenant, task.id, f"{LEFT}:{chat}") is not None:
            return
        place = replace(room.place, conversation=chat)
        agent = await self._directory.user(task.tenant, task.agent or "")
        said = room.words("room.moved", name=agent.name if agent is not None else "")
        card = await conversations.shown(task.tenant, task.id, f"{OPENING}:{chat}")
        try:
            if card is not None:
                drawn = left_card(room.words, task.id, customer_of(task, room.conversation), said)
                await self._outbox.update(place, card.activity_id, card_activity(drawn), Priority.UPDATE)
            await self._posts.tell(task.id, place, f"{LEFT}:{chat}", said)
        except SendProblem as problem:
            if problem.kind in PATH and await self._path.failed(subject, problem):
                return
            await self._refusals.leaves(task, f"{LEFT}:{chat}", chat, problem)
            await conversations.set_shown(task.tenant, task.id, f"{LEFT}:{chat}", chat, "", "")

    async def _next_batch(self, room: _Room) -> Batch | None:
        await self._outbox.ready(room.place, Priority.MESSAGE)
        task = room.task
        return await self._conversations.next_batch(task.tenant, task.id, chat_id=room.conversation.chat_id)

    async def _send_batch(self, subject: Subject, room: _Room, batch: Batch) -> bool:
        """False when it waits for the path. Raises SendProblem, and RetryLater for what is tried once more."""
        task, failed = room.task, list[int]()
        zone = await self._zone(task.tenant) if batch.late or batch.doubtful else UTC
        activity_id = await self._arrived(room, batch, zone) if batch.doubtful else ""
        if not activity_id:
            activity = batch_activity(batch, room, zone if batch.late else None)
            try:
                activity_id = await self._outbox.send(room.place, activity, Priority.MESSAGE, once=True)
            except RetryLater:
                await self._conversations.batch_unsent(task.tenant, task.id, batch, sure=True)
                raise
            except SendProblem as problem:
                if problem.kind not in _UNWANTED:
                    await self._conversations.batch_unsent(task.tenant, task.id, batch, sure=not problem.doubtful)
                    raise
                if await self._path.failed(subject, problem):
                    return False
                if not await self._refused(room, batch, problem):
                    return True
                failed = [message.seq for message in batch.messages if is_visitors(message)]
        late = time.time() * 1000 - batch.messages[0].at >= NOTED_LATE_MS
        await self._conversations.batch_sent(task.tenant, task.id, batch, activity_id, failed=failed, late=late)
        await self._tell_refused(room, failed)
        return True

    async def _tell_notices(self, room: _Room) -> None:
        await self._tell_refused(room, room.conversation.failed)
        for message, key in room.conversation.notices:
            said = room.words(key, limit=TextTooLong().limit)
            await self._posts.tell(room.task.id, room.place, f"{NOTICE}{message}", said)
            await self._conversations.set_noticed(room.task.tenant, room.task.id, room.place.conversation, message)

    async def _tell_refused(self, room: _Room, failed: Sequence[int]) -> None:
        for seq in failed:
            await self._posts.tell(room.task.id, room.place, f"{REFUSED}:{seq}", room.words("room.not_shown"))

    async def _refused(self, room: _Room, batch: Batch, problem: SendProblem) -> bool:
        """True when Teams does not take it for good. Else it is tried once more, later, or, of several messages, each by
        itself. Raises RetryLater.
        """
        task, sure = room.task, not problem.doubtful
        log.warning("batch_refused", task=task.id, first=batch.first, last=batch.last, code=problem.code)
        if not batch.refused:
            await self._conversations.batch_unsent(task.tenant, task.id, batch, sure=sure, refused=True)
            raise RetryLater(REFUSED_PAUSE_SECONDS, str(problem)) from problem
        if len(batch.messages) > 1:
            await self._conversations.batch_unsent(task.tenant, task.id, batch, sure=sure, alone=True)
            return False
        return True

    async def _arrived(self, room: _Room, batch: Batch, zone: tzinfo) -> str:
        """The activity that holds a batch whose answer was lost, empty if it is not there."""
        sent = [batch_activity(batch, room, shown)["text"] for shown in (None, zone)]
        place = room.place
        return await self._arrivals.find(place.tenant, room.task.id, place.conversation, batch.at, has_words(*sent))

    async def _zone(self, tenant: str) -> tzinfo:
        found = await self._directory.tenant(tenant)
        return ZoneInfo(found.time_zone) if found is not None else UTC

    async def _warn_of_silence(self, room: _Room, at: int) -> None:
        await self._posts.tell(room.task.id, room.place, IDLE, room.words("room.idle"), str(at))

    async def _tell_end(self, room: _Room) -> None:
        task = room.task
        if await self._conversations.shown(task.tenant, task.id, END) is not None:
            return
        agent = await self._directory.user(task.tenant, task.agent or "")
        match task.ended_by:
            case _ if task.outcome in _ENDS:
                said = room.words(_ENDS[task.outcome])
            case "agent" if agent is not None:
                said = room.words("room.ended_by_agent", name=agent.name)
            case "visitor":
                said = room.words("room.ended_by_visitor")
            case _:
                said = room.words("room.ended")
        await self._posts.tell(task.id, room.place, END, said)


def batch_activity(batch: Batch, room: _Room, late_in: tzinfo | None = None) -> Json:
    """What was said since the last batch, as one message. Teams' `xml` knows no markdown, and everything is escaped.

    `late_in`: they come late, and each says when it was written, in this time zone.
    """
    customer = customer_of(room.task, room.conversation)
    parts: list[str] = []
    author = ""
    for message in batch.messages:
        name = customer if message.sender is Sender.VISITOR else message.author
        if name != author:
            parts.append(f"<b>{html.escape(name, quote=False)}</b>")
            author = name
        written = datetime.fromtimestamp(message.at / 1000, late_in).strftime("%H:%M") if late_in is not None else ""
        parts.append((f"<i>({written})</i> " if written else "") + _line(message, room.words))
    first = batch.messages[0]
    summary = cut(f"{customer if first.sender is Sender.VISITOR else first.author}: {first.text}", SUMMARY_CHARACTERS)
    return {"type": "message", "textFormat": "xml", "text": "<br/>".join(parts), "summary": summary}


def _line(message: Message, words: Wording) -> str:
    match message.kind:
        case MessageKind.TEXT:
            return rich(message.text)
        case MessageKind.EDIT:
            return f"<i>{words('room.edited')}:</i> {rich(message.text)}"
        case MessageKind.DELETE:
            return f"<i>{words('room.deleted')}</i>"


def rich(text: str) -> str:
    """A stranger's text as markup that shows just that: line ends, columns and indentation, and where addresses lead."""
    text = kept_blanks(plain_line_ends(text))
    pieces: list[str] = []
    end = 0
    for link in links(text):
        shown = html.escape(text[link.start : link.end])
        pieces += [
            html.escape(text[end : link.start], quote=False),
            f'<a href="{html.escape(link.address)}">{shown}</a>',
        ]
        end = link.end
    pieces.append(html.escape(text[end:], quote=False))
    return "".join(pieces).replace("\n", "<br/>")
