"""Who becomes the first admin of the home tenant: the person that the setting names, once, while there is no admin."""

from typing import Protocol

import structlog

from identity.consent import Consent

log = structlog.get_logger(__name__)


class Admins(Protocol):
    """What is needed of the directory."""

    async def awaits_first_admin(self, tenant: str, /) -> bool: ...

    async def grant_first_admin(self, tenant: str, user: str, upn: str, name: str, /) -> bool: ...


class FirstAdmin:
    """`named`: an object id or a UPN (`USHER_FIRST_ADMIN`), or None. `home`: the only tenant whose word counts; in another
    one anybody could carry that name."""

    def __init__(self, named: str | None, home: str, admins: Admins, consent: Consent) -> None:
        self._named = (named or "").strip().lower()
        self._home = home
        self._admins = admins
        self._consent = consent

    def claims(self, tenant: str, user: str, upn: str) -> bool:
        """Whether a token's claims look like the person that the setting names. They prove nothing: a UPN in a token can be
        changed by the person who carries it."""
        return tenant == self._home and self._named in {user, upn.lower()} - {""}

    async def apply(self, tenant: str, user: str, name: str) -> bool:
        """Make this person the admin if they are the one, and there never was an admin; whether they were made one.

        What counts is Graph's word, asked now: object id or UPN, and no guest. Raises ConsentUnknown while Graph cannot be
        asked; then nothing is decided.
        """
        by_upn = "@" in self._named
        if not self._named or tenant != self._home or not (by_upn or user == self._named):
            return False
        if not await self._admins.awaits_first_admin(tenant):
            return False
        profile = await self._consent.profile(tenant, user)
        if profile is None or profile.user != user or (by_upn and profile.upn.lower() != self._named):
            return False
        if profile.guest:
            log.warning("first_admin_refused", why="a guest cannot be the first admin", tenant=tenant, user=user)
            return False
        made = await self._admins.grant_first_admin(tenant, user, profile.upn, name)
        if made:
            log.warning("first_admin_made", tenant=tenant, user=user)
        return made
