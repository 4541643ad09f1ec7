"""What we know of a room between asking Graph for it and binding it, kept through a crash."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from graph.facts import Chat
from store.connection import Store
from store.keys import root
from store.scripts import load_scripts

KEEP_SECONDS = 24 * 3600  # no visitor waits longer for a room; a claim must outlive every search for its chat
_LONG_AGO = "1"  # an instant before every wait
_SCRIPTS = load_scripts(Path(__file__).parent / "lua")


@dataclass(frozen=True, slots=True)
class Note:
    """`asked_ms_ago`: a request for the room whose answer we do not know (None = there is none). `chat`: the room.
    `lost`: an earlier one was deleted by somebody. `moves`: the room that this one is to replace, "" = it is the first.
    `done`: steps that need not be taken again (`members.py`). `leaving`: who is still to be taken out of which chat (JSON).
    `broken`: why the room of a talk may be lost, and `broken_ms_ago`: since when that is known.
    `failing`: there will be no room, for this reason; what was made is being given back.
    """

    asked_ms_ago: int | None
    chat: Chat | None
    agent: str
    lost: bool = False
    moves: str = ""
    done: frozenset[str] = frozenset()
    leaving: str = ""
    failing: str = ""
    broken: str = ""
    broken_ms_ago: int = 0


class RoomNotes:
    """One note per task whose room is being made, and one claim per chat that is taken."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def read(self, tenant: str, task: str) -> Note:
        found = await self._store.run(_SCRIPTS["room_note"], root(tenant), tenant=tenant, task=task)
        since, chat, url, agent, lost, moves, done, leaving, failing, broken, broken_ms_ago = found
        known = Chat(id=str(chat), topic="", url=str(url), created_at=0) if chat else None
        return Note(
            asked_ms_ago=int(since) if since else None,
            chat=known,
            agent=str(agent),
            lost=bool(lost),
            moves=str(moves),
            done=frozenset(str(done).split()),
            leaving=str(leaving),
            failing=str(failing),
            broken=str(broken),
            broken_ms_ago=int(broken_ms_ago or 0),
        )

    async def asked(self, tenant: str, task: str, agent: str) -> None:
        """Write down that Graph is going to be asked."""
        await self._store.run(
            _SCRIPTS["room_asked"], root(tenant), tenant=tenant, task=task, agent=agent, keep=KEEP_SECONDS
        )

    async def refused(self, tenant: str, task: str, *, doubtful: bool = False) -> None:
        """Graph answered, and has made no room; `doubtful`: so it seems."""
        await self._note(tenant, task, {"asked": _LONG_AGO if doubtful else ""})

    async def made(self, tenant: str, task: str, chat: Chat) -> None:
        """This chat is the room. What went wrong before says nothing about it."""
        await self._note(tenant, task, {"asked": "", "chat": chat.id, "url": chat.url, "fails": "", "why": ""})

    async def begin_move(self, tenant: str, task: str, before: str) -> None:
        """Another room is needed, which replaces this one."""
        nothing = dict.fromkeys(("asked", "chat", "url", "agent", "lost", "fails", "why", "done", "leaving"), "")
        await self._note(tenant, task, {**nothing, "moves": before})

    async def has_done(self, tenant: str, task: str, step: str) -> bool:
        return step in (await self.read(tenant, task)).done

    async def did(self, tenant: str, task: str, step: str) -> None:
        """This step need not be taken again while the note lives. `step`: a word without spaces."""
        note = await self.read(tenant, task)
        await self._note(tenant, task, {"done": " ".join(sorted({*note.done, step}))})

    async def forget_steps(self, tenant: str, task: str) -> None:
        """They are to be taken again."""
        await self._note(tenant, task, {"done": "", "leaving": ""})

    async def leaving(self, tenant: str, task: str, who: str) -> None:
        """Who is still to be taken out, as JSON; "" = nobody."""
        await self._note(tenant, task, {"leaving": who})

    async def fails(self, tenant: str, task: str, word: str) -> None:
        """There will be no room, for this reason; giving back what was made may take several runs."""
        await self._note(tenant, task, {"failing": word})

    async def breaks(self, tenant: str, task: str, why: str) -> None:
        """Something was heard that the room of a talk may be lost by; the first one counts until it is settled."""
        await self._store.run(
            _SCRIPTS["room_breaks"], root(tenant), tenant=tenant, task=task, why=why, keep=KEEP_SECONDS
        )

    async def lost(self, tenant: str, task: str) -> None:
        """The chat is gone; another one may be made."""
        await self._note(tenant, task, {"chat": "", "url": "", "lost": "1", "done": "", "leaving": ""})

    async def waits(self, tenant: str, task: str, why: str) -> int:
        """It cannot go on at present; the journal says why. How often in a row it could not, for this reason."""
        return int(
            await self._store.run(
                _SCRIPTS["room_waits"], root(tenant), tenant=tenant, task=task, why=why, keep=KEEP_SECONDS
            )
        )

    async def drop(self, tenant: str, task: str) -> None:
        """It is settled, one way or the other."""
        await self._store.delete(f"{root(tenant)}room:{tenant}:{task}")

    async def claim(self, tenant: str, chat: str, task: str) -> bool:
        """Take a chat for this task. False: another task has it (two rooms can have the same name and agent)."""
        key = f"{root(tenant)}room-claim:{tenant}:{chat}"
        if await self._store.set(key, task, ttl_seconds=KEEP_SECONDS, only_if_new=True):
            return True
        return await self._store.get(key) == task

    async def _note(self, tenant: str, task: str, facts: Mapping[str, str]) -> None:
        await self._store.run(
            _SCRIPTS["note_room"], root(tenant), tenant=tenant, task=task, facts=facts, keep=KEEP_SECONDS
        )
