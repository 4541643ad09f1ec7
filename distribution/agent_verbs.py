"""What can happen to an agent. Each verb changes them and, in the same script, offers them what they became selectable for."""

from collections.abc import Mapping

from distribution.agents import Presence
from distribution.scripts import Scripts
from distribution.verdicts import Verdict
from store.text import unfit

PRESENCES_PER_SCRIPT = 20
"""Each may end in a match; twenty stay well under a millisecond."""

MAX_REASON = 60


class AgentVerbs(Scripts):
    """`at` is the time for virtual tenants, 0 for all others. UNCHANGED = it was already so."""

    async def _change(self, script: str, tenant: str, user: str, **args: str | int) -> Verdict:
        return Verdict(await self._run(script, tenant, user=user, **args))

    async def set_duty(self, tenant: str, user: str, on: bool, actor: str, *, at: int = 0) -> Verdict:
        """Off duty withdraws their offers and resets RONA; running talks go on."""
        return await self._change("set_duty", tenant, user, on=int(on), actor=actor, at=at)

    async def set_availability(self, tenant: str, user: str, reason: str, actor: str, *, at: int = 0) -> Verdict:
        """`reason`: one of the tenant's list why they are not available, "" = available again. Their offers are withdrawn,
        running talks go on, and how long they have been idle stays.
        """
        if len(reason) > MAX_REASON or unfit(reason):
            return Verdict.BAD_ARGUMENT
        return await self._change("set_availability", tenant, user, reason=reason, actor=actor, at=at)

    async def set_active(self, tenant: str, user: str, service: str, on: bool, *, at: int = 0) -> Verdict:
        """On or off for one service; NO_SUCH_SERVICE when they are no member of it."""
        return await self._change("set_active", tenant, user, service=service, on=int(on), at=at)

    async def set_presence(self, tenant: str, presences: Mapping[str, Presence], *, at: int = 0) -> Verdict:
        """What Graph said just now. Users who are no agents are passed over. UNCHANGED when nobody's presence changed."""
        users = list(presences)
        verdict = Verdict.UNCHANGED
        for start in range(0, len(users), PRESENCES_PER_SCRIPT):
            chunk = users[start : start + PRESENCES_PER_SCRIPT]
            readings = " ".join(f"{user}={presences[user]}" for user in chunk)
            if await self._run("set_presence", tenant, readings=readings, at=at) == Verdict.OK:
                verdict = Verdict.OK
        return verdict

    async def set_registered(self, tenant: str, user: str, registered: bool, *, at: int = 0) -> Verdict:
        """With the bot. Registering (again) also says that they can be reached."""
        return await self._change("set_registered", tenant, user, on=int(registered), at=at)

    async def reached(self, tenant: str, user: str, *, at: int = 0) -> Verdict:
        """Something reached them, or came from them: no longer unreachable because a card did not arrive."""
        return await self._change("reached", tenant, user, at=at)

    async def surface_beat(self, tenant: str, user: str, surface: str, *, at: int = 0) -> Verdict:
        """An open page answered; it counts for 30 s. `surface`: a name of this page, `[A-Za-z0-9_-]`."""
        if not _plain(surface):
            return Verdict.BAD_ARGUMENT
        return await self._change("surface_beat", tenant, user, surface=surface, at=at)

    async def surface_gone(self, tenant: str, user: str, surface: str, *, at: int = 0) -> Verdict:
        """The page was closed."""
        if not _plain(surface):
            return Verdict.BAD_ARGUMENT
        return await self._change("surface_gone", tenant, user, surface=surface, at=at)

    async def reset_rona(self, tenant: str, user: str, actor: str, *, at: int = 0) -> Verdict:
        """By hand; also by time, by going Offline and by Off Duty."""
        return await self._change("reset_rona", tenant, user, actor=actor, at=at)


def _plain(name: str) -> bool:
    return 0 < len(name) <= 64 and name.replace("-", "").replace("_", "").isalnum() and name.isascii()
