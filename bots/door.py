"""Who may speak to the bot: only Microsoft's Bot Framework, only for Teams, only with a token made for this bot."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bots.config import MULTI_TENANT, BotConfig
from bots.incoming import EMULATOR, TEAMS, Incoming
from directory.directory import Directory
from entry.hosts import leads_here
from identity.jwks import Jwks
from identity.tokens import BadToken, Claims, bearer, verify


class NotHere(Exception):
    """Without a token only programs on this machine are answered; the text says what speaks against this one."""


class UnknownTenant(Exception):
    """The token is good, but Usher does not work for this organisation."""


class WrongChannel(Exception):
    """The token is good, but it comes from a channel whose senders say themselves who they are."""


@dataclass(frozen=True, slots=True)
class Door:
    """Checks tokens as "Authenticate requests from the Bot Connector service to your bot" (docs) asks, all seven points."""

    config: BotConfig
    keys: Jwks
    directory: Directory

    async def identify(self, header: str | None, *, origin: str | None, host: str) -> Claims | None:
        """The verified claims; None for a local client without a token, where the setting allows it.

        `origin`, `host`: the request's own headers. A page of any website can send a request to this machine from the
        browser on it: its origin, or the name that it used for us, gives it away.
        Raises BadToken, NotHere, and KeysUnavailable.
        """
        if self.config.allow_unauthenticated and origin is not None and not leads_here(origin):
            raise NotHere("a page of a website sent this")
        if header is None and self.config.allow_unauthenticated:
            if not leads_here(f"//{host}"):
                raise NotHere("sent to a name that is not this machine's own")
            return None
        return await verify(
            bearer(header),
            jwks=self.keys,
            openid_url=self.config.openid_url,
            issuers=(self.config.token_issuer,),
            audience=self.config.app_id,
        )

    def admit(self, claims: Claims | None, incoming: Incoming) -> Mapping[str, Any]:
        """What the token says of this activity. Raises BadToken for another's activity, WrongChannel, NotHere."""
        if claims is None:
            # The bot's own token goes to https addresses. No token vouched for this one, so it must not be one.
            if not (incoming.service_url.startswith("http://") and leads_here(incoming.service_url)):
                raise NotHere("its serviceUrl must be plain http on this machine")
            if incoming.channel not in {TEAMS, EMULATOR}:
                raise WrongChannel(incoming.channel)
            return {}
        if incoming.channel not in claims.endorsements:
            raise BadToken("signed with a key that is not endorsed for the channel")
        if _address(claims.text("serviceurl")) != _address(incoming.service_url):
            raise BadToken("made for another service URL")
        if incoming.channel != TEAMS:
            raise WrongChannel(incoming.channel)
        return claims.values

    async def check_tenant(self, incoming: Incoming) -> None:
        """Raises UnknownTenant, unless a company was loaded for the tenant, or it is the home of a bot that has one.

        Anybody may install an app that is offered to several tenants. Raises StoreDown.
        """
        config = self.config
        at_home = config.app_type != MULTI_TENANT and incoming.tenant == config.tenant_id.lower()
        if not at_home and await self.directory.tenant(incoming.tenant) is None:
            raise UnknownTenant(incoming.tenant)


def _address(url: str) -> str:
    return url.rstrip("/").lower()
