"""Whether a message whose answer was lost stands in its room: what the bot has posted there, as Graph tells it."""

from collections.abc import Sequence

import structlog

from bots.history import Posted, RoomHistory
from conversations.messages import Batch, Conversations
from conversations.shown_text import shown_text

log = structlog.get_logger(__name__)


class Arrivals:
    """Looks for batches. Where a room cannot be read nothing is found, and what is in doubt is sent again."""

    def __init__(self, conversations: Conversations, history: RoomHistory) -> None:
        self._conversations = conversations
        self._history = history

    async def find(self, tenant: str, task: str, chat: str, batch: Batch, sent: Sequence[str]) -> str:
        """The id of the activity that holds this batch, empty if none is known. `sent`: the markup that it may have been
        sent with. Raises RetryLater.

        The words must be the same, and the activity newer than all that are known in the room: a customer who says "yes"
        twice is not cut short. What is not surely there counts as not there.
        """
        posted = await self._history(tenant, chat, batch.at)
        if posted is None:
            log.info("batch_in_doubt", task=task, first=batch.first, last=batch.last)
            return ""
        known = await self._conversations.known_activities(tenant, task)
        wanted = {shown_text(markup) for markup in sent}
        newest = max((int(one) for one in known if one.isascii() and one.isdigit()), default=0)
        for post in posted:
            if post.text in wanted and post.id not in known and _is_newer(post, newest, batch.at):
                log.info("batch_was_there", task=task, first=batch.first, last=batch.last, activity=post.id)
                return post.id
        return ""


def _is_newer(post: Posted, newest: int, at: int) -> bool:
    """Ids in a room are the milliseconds of Teams' own clock, so that two of them can be compared; ours may differ."""
    if newest and post.id.isascii() and post.id.isdigit():
        return int(post.id) > newest
    return post.at >= at
