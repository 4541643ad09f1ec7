"""How the distributor reaches its Lua scripts: loaded once, bound by name, always under the tenant's root."""

from functools import cache
from pathlib import Path
from typing import Any

from store.connection import Store
from store.keys import root
from store.scripts import LuaScript, load_scripts

LUA = Path(__file__).parent / "lua"


@cache
def distribution_scripts() -> dict[str, LuaScript]:
    """Every verb in `lua/`, by file stem."""
    return load_scripts(LUA)


def spoke_call(tenant: str, task: str, by: str, who: str) -> tuple[LuaScript, str, dict[str, str | int]]:
    """`TaskVerbs.spoke`, for the script that stores the message: the two go to the store together (`Store.run_many`).

    `who`: the author's id. The caller leaves out the words of authors who are not in the talk.
    """
    return (
        distribution_scripts()["spoke"],
        root(tenant),
        {"tenant": tenant, "task": task, "by": by, "who": who, "at": 0},
    )


class Scripts:
    """The base of everything here that runs scripts."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._scripts = distribution_scripts()

    async def _run(self, script: str, tenant: str, **args: str | int) -> Any:
        """The script's raw reply: strings, in the order that its header promises."""
        return await self._store.run(self._scripts[script], root(tenant), tenant=tenant, **args)
