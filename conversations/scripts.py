"""How conversations reach their Lua scripts: loaded once, bound by name, always under the tenant's root."""

from functools import cache
from pathlib import Path
from typing import Any

from store.connection import Store
from store.keys import root
from store.scripts import Argument, LuaScript, load_scripts


@cache
def conversation_scripts() -> dict[str, LuaScript]:
    """Every verb in `lua/`, by file stem."""
    return load_scripts(Path(__file__).parent / "lua")


class Scripts:
    """The base of everything here that runs scripts."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._scripts = conversation_scripts()

    async def _run(self, script: str, tenant: str, conversation: str, **args: Argument) -> Any:
        """The script's raw reply, as its header says."""
        return await self._store.run(
            self._scripts[script], root(tenant), tenant=tenant, conversation=conversation, **args
        )
