"""Whether something whose answer was lost stands in its room: what the bot has posted there, as Graph tells it."""

import html
from collections.abc import Callable, Sequence

import structlog

from bots.history import Posted, RoomHistory
from conversations.messages import Conversations
from conversations.shown_text import shown_text

log = structlog.get_logger(__name__)

Fits = Callable[[Posted], bool]


class Arrivals:
    """Looks for what was sent. Where a room cannot be read nothing is found, and what is in doubt is sent again."""

    def __init__(self, conversations: Conversations, history: RoomHistory) -> None:
        self._conversations = conversations
        self._history = history

    async def find(self, tenant: str, task: str, chat: str, since_ms: int, fits: Fits) -> str:
        """The id of the activity that `fits`, sent at `since_ms` or later; empty if none is known. Raises RetryLater.

        It must be newer than all that are known in the room: a customer who says "yes" twice is not cut short. What is
        not surely there counts as not there.
        """
        posted = await self._history(tenant, chat, since_ms)
        if posted is None:
            log.info("sent_in_doubt", task=task, chat=chat)
            return ""
        known = await self._conversations.known_activities(tenant, task, chat)
        newest = max((_number(one) for one in known), default=0)
        return self._first(chat, [one for one in posted if one.id not in known], newest, since_ms, fits)

    async def find_answer(self, tenant: str, chat: str, to: str, since_ms: int, fits: Fits) -> str:
        """The same for what answers the activity `to`, which is noted nowhere."""
        posted = await self._history(tenant, chat, since_ms)
        return self._first(chat, posted or (), _number(to), since_ms, fits)

    @staticmethod
    def _first(chat: str, posted: Sequence[Posted], newest: int, at: int, fits: Fits) -> str:
        for post in posted:
            if fits(post) and _is_newer(post, newest, at):
                log.info("sent_was_there", chat=chat, activity=post.id)
                return post.id
        return ""


def has_words(*sent: str) -> Fits:
    """Fits what shows the same words as one of these markups."""
    wanted = {shown_text(markup) for markup in sent}
    return lambda post: post.text in wanted


def has_text(text: str) -> Fits:
    """Fits what shows this plain text."""
    return has_words(html.escape(text))


def is_card_of(task: str) -> Fits:
    """Fits a card of this task, whatever it shows: it can be brought up to date."""
    return lambda post: task in post.card


def _number(activity: str) -> int:
    return int(activity) if activity.isascii() and activity.isdigit() else 0


def _is_newer(post: Posted, newest: int, at: int) -> bool:
    """Ids in a room are the milliseconds of Teams' own clock, so that two of them can be compared; ours may differ.

    In a room in which nothing is known yet, whatever the history holds is new.
    """
    number = _number(post.id)
    if newest and number:
        return number > newest
    return not newest or post.at >= at
