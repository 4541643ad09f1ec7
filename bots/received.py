"""Which activities came before. Teams sends an activity again when its answer is late or lost."""

from typing import Final

from bots.incoming import Incoming
from store.connection import Store
from store.keys import root

REMEMBER_SECONDS: Final = 600
"""Teams sends again within seconds, for a minute or so at most (seen: msteams-docs#6084)."""


class Received:
    """Notes each activity once. A repetition is not dropped, it is marked: what was not stored then is stored now."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def is_again(self, incoming: Incoming) -> bool:
        """Whether this activity came before; it is noted now. Raises StoreDown."""
        if not incoming.id:
            return False
        key = f"{root(incoming.tenant)}received:{incoming.tenant}:{incoming.key}"
        return not await self._store.set(key, "1", ttl_seconds=REMEMBER_SECONDS, only_if_new=True)
