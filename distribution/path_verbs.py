"""The path to Teams: whether cards reach anybody. A fault of the path is charged to no agent; see `lua/include/path.lua`."""

from dataclasses import dataclass
from enum import StrEnum

from distribution.keys import path_key
from distribution.scripts import Scripts
from distribution.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class PathDown:
    """Cards have reached nobody since `since` (ms); `why`: a word, such as `unauthorized` or `unavailable`."""

    since: int
    why: str


class PathState(StrEnum):
    """What is known when something could not be sent."""

    DOWN = "down"  # cards reach nobody: the subject waits in the store
    ASKED = "asked"  # nobody knows yet, a probe is due: try again in a moment
    UP = "up"  # others were reached a moment ago: it is this conversation's own trouble


class PathVerbs(Scripts):
    """Who sends reports what came of it. `at` is the time for virtual tenants, 0 for all others."""

    async def path_trouble(self, tenant: str, subject: str, why: str, *, sure: bool = False, at: int = 0) -> PathState:
        """The due subject `subject` could not send, and it may not be the receiver's fault. `sure`: it is the same for
        everybody (there is no token, or Teams takes none).

        DOWN: the subject is marked as due when the path is up again.
        """
        args: dict[str, str | int] = {"subject": subject, "why": why, "sure": int(sure), "at": at}
        return PathState(await self._run("path_trouble", tenant, **args))

    async def path_down(self, tenant: str, why: str, *, more_seconds: float = 0, at: int = 0) -> Verdict:
        """A probe failed. The path counts as down for 30 s and `more_seconds` from now, unless something is said before."""
        return Verdict(await self._run("path_down", tenant, why=why, more=round(more_seconds * 1000), at=at))

    async def path_up(self, tenant: str, *, at: int = 0) -> Verdict:
        """Something has arrived in Teams: what waited for the path goes on. UNCHANGED: it was not down."""
        return Verdict(await self._run("path_up", tenant, at=at))

    async def path_is_down(self, tenant: str) -> PathDown | None:
        """Since when and why cards reach nobody; None while they do."""
        since, why = await self._store.hmget(path_key(tenant), "down", "why")
        return PathDown(int(since), why or "") if since else None
