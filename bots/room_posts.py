"""Cards and notices in rooms: each stands there once, also when Teams' answer was lost or the process died over it."""

import asyncio
import time
from typing import Final

import structlog

from bots.arrivals import Arrivals, Fits, has_text
from bots.connector import Json, Place
from bots.outbox import TURN_SECONDS, Outbox
from bots.pacing import Priority
from bots.problems import SendProblem
from cards.escape import cut
from conversations.messages import Conversations
from store.due import RetryLater

log = structlog.get_logger(__name__)

SUMMARY_CHARACTERS: Final = 120

_ACCEPTED_DOUBT: Final = 2
"""How often an answer in a turn is sent when it is not found in the room: it may be missing rather than come three times."""


class RoomPosts:
    """What the bot posts in rooms, messages of the visitor's apart (`relay.py`), which have notes of their own."""

    def __init__(self, conversations: Conversations, outbox: Outbox, arrivals: Arrivals) -> None:
        self._conversations = conversations
        self._outbox = outbox
        self._arrivals = arrivals

    async def post(self, task: str, place: Place, slot: str, activity: Json, fits: Fits) -> tuple[str, bool]:
        """Send this for a slot, whose caller notes it as shown then. Returns the activity's id, and whether an earlier try
        had brought it there already. Raises SendProblem, RetryLater.
        """
        tenant, chat = place.tenant, place.conversation
        tried_at = await self._conversations.try_shown(tenant, task, slot, chat)
        if tried_at:
            found = await self._arrivals.find(tenant, task, chat, tried_at, fits)
            if found:
                return found, True
        try:
            return await self._outbox.send(place, activity, Priority.MESSAGE, once=True), False
        except RetryLater:
            if not tried_at:
                await self._conversations.forget_try(tenant, task, slot)
            raise
        except SendProblem as problem:
            if not problem.doubtful:
                await self._conversations.forget_try(tenant, task, slot)
            raise

    async def tell(self, task: str, place: Place, slot: str, text: str, digest: str = "") -> None:
        """Say something once for this slot and digest. Raises SendProblem, RetryLater."""
        shown = await self._conversations.shown(place.tenant, task, slot)
        if shown is not None and shown.digest == digest:
            return
        activity_id, _ = await self.post(task, place, slot, text_activity(text), has_text(text))
        await self._conversations.set_shown(place.tenant, task, slot, place.conversation, activity_id, digest)

    async def answer(self, place: Place, to: str, text: str) -> None:
        """Say something about the activity `to` while Teams waits for our answer to it. Raises SendProblem."""
        outbox, ends = self._outbox.patient(), time.monotonic() + TURN_SECONDS
        began = round(time.time() * 1000)
        for sent in range(1, _ACCEPTED_DOUBT + 1):
            try:
                await outbox.send(place, text_activity(text), Priority.MESSAGE, once=True)
            except SendProblem as problem:
                if not problem.doubtful or sent == _ACCEPTED_DOUBT:
                    raise
                if await self._has_arrived(place, to, began, text, ends):
                    return
            else:
                return

    async def _has_arrived(self, place: Place, to: str, began: int, text: str, ends: float) -> bool:
        while True:
            try:
                found = await self._arrivals.find_answer(place.tenant, place.conversation, to, began, has_text(text))
            except RetryLater as later:
                if time.monotonic() + later.after_seconds > ends:
                    return False
                await asyncio.sleep(later.after_seconds)
            else:
                return found != ""


def text_activity(text: str) -> Json:
    """Words of ours, as they stand."""
    return {"type": "message", "textFormat": "plain", "text": text, "summary": cut(text, SUMMARY_CHARACTERS)}
