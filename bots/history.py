"""What the bot needs to know of a room's history (`graph.history` reads it), before it sends a batch again.

The id and the words are the only things to compare by: Teams rewrites a bot's markup. Compare with
`conversations.shown_text.shown_text` of what was sent.
"""

from collections.abc import Sequence
from typing import Protocol


class Posted(Protocol):
    """A message of our own bot, as it stands in the room."""

    @property
    def id(self) -> str:
        """The id of its activity."""
        ...

    @property
    def at(self) -> int:
        """Teams' time of it, in ms since the epoch."""
        ...

    @property
    def text(self) -> str:
        """Its words, as `shown_text` reads them; empty for a card."""
        ...

    @property
    def card(self) -> str:
        """The JSON of the cards with it."""
        ...


class RoomHistory(Protocol):
    """Reads a room."""

    async def __call__(self, tenant: str, chat: str, since_ms: int, /) -> Sequence[Posted] | None:
        """What the bot has posted since then, oldest first. None: it cannot be known now, so do not wait for it.

        Raises RetryLater for the pace that Graph asks for: one call a second on a chat.
        """
        ...


async def unknown_history(tenant: str, chat: str, since_ms: int, /) -> Sequence[Posted] | None:
    """For a bot without Graph: nothing is ever known."""
    del tenant, chat, since_ms
