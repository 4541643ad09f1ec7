"""Who may speak to the bot: only Microsoft's Bot Framework, only for Teams, only with a token made for this bot."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bots.config import BotConfig
from bots.incoming import EMULATOR, TEAMS, Incoming
from identity.jwks import Jwks
from identity.tokens import BadToken, Claims, bearer, verify


class WrongChannel(Exception):
    """The token is good, but it comes from a channel whose senders say themselves who they are."""


@dataclass(frozen=True, slots=True)
class Door:
    """Checks tokens as "Authenticate requests from the Bot Connector service to your bot" (docs) asks, all seven points."""

    config: BotConfig
    keys: Jwks

    async def identify(self, header: str | None) -> Claims | None:
        """The verified claims; None for a local client without a token, where the setting allows it.

        Raises BadToken, and KeysUnavailable.
        """
        if header is None and self.config.allow_unauthenticated:
            return None
        return await verify(
            bearer(header),
            jwks=self.keys,
            openid_url=self.config.openid_url,
            issuers=(self.config.token_issuer,),
            audience=self.config.app_id,
        )

    def admit(self, claims: Claims | None, incoming: Incoming) -> Mapping[str, Any]:
        """What the token says of this activity. Raises BadToken for another's activity, WrongChannel."""
        if claims is None:
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


def _address(url: str) -> str:
    return url.rstrip("/").lower()
