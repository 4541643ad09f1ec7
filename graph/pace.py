"""Microsoft allows one call a second on one chat (learn.microsoft.com/graph/throttling-limits, Teams)."""

import asyncio

SECONDS = 1.1  # a second, and a tenth for the network's unevenness
_KEPT = 10_000  # chats; older ones have long had their second


class Pace:
    """Spaces the calls on each chat. One process is enough: a chat's room is in the hands of one worker at a time."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._free_at: dict[str, float] = {}

    async def turn(self, chat: str) -> None:
        """Wait until a call on this chat may begin; the next one waits for its second from then."""
        now = asyncio.get_running_loop().time()
        at = max(now, self._free_at.pop(chat, now))
        self._free_at[chat] = at + self._seconds
        while len(self._free_at) > _KEPT:
            del self._free_at[next(iter(self._free_at))]
        await asyncio.sleep(at - now)

    def touched(self, chat: str) -> None:
        """A call on this chat has just been made (it was created)."""
        self._free_at[chat] = asyncio.get_running_loop().time() + self._seconds
